//! The head of a request: what must hold before anything else is looked at.

use http::header::{CONTENT_ENCODING, HOST, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::decision::PolicySnapshot;
use crate::gateway::Refusal;
use crate::model::decision::ReasonCode;

/// A whole request, as it came in.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Raw path of the request target.
    pub path: &'a str,
    /// Raw query, without `?`.
    pub query: Option<&'a str>,
    /// Header fields.
    pub headers: &'a HeaderMap,
    /// The whole body.
    pub body: &'a [u8],
}

/// Headers by which a caller asks that another method or target be served than the one that is judged.
const REWRITING: [&str; 7] = [
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
    "x-original-url",
    "x-rewrite-url",
    "x-original-method",
    "x-override-url",
];

/// Checks the head and returns the host the request is for, lower case, without port.
pub(super) fn check<'a>(headers: &'a HeaderMap, snapshot: &PolicySnapshot) -> Result<std::borrow::Cow<'a, str>, Refusal> {
    let bad = |what: &str| Refusal::problem(400, ReasonCode::InvalidRequest, format!("The request was refused: {what}."));
    for (name, value) in headers {
        if let Some(what) = forbidden(name, value) {
            return Err(bad(what));
        }
    }
    if headers.get_all(TRANSFER_ENCODING).iter().count() > 1 {
        return Err(bad("Transfer-Encoding stands twice"));
    }
    let mut hosts = headers.get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok().and_then(host_name),
        (None, _) => return Err(bad("Host is missing")),
        (Some(_), Some(_)) => return Err(bad("Host stands twice")),
    };
    let host = host.ok_or_else(|| bad("Host is malformed"))?;
    if !snapshot.hosts.is_empty() && !snapshot.hosts.iter().any(|allowed| *allowed == host) {
        return Err(Refusal::problem(421, ReasonCode::HostNotAllowed, "This host is not served here."));
    }
    Ok(host)
}

/// Why a header is not let in.
fn forbidden(name: &HeaderName, value: &HeaderValue) -> Option<&'static str> {
    let text = name.as_str();
    match *name {
        TRANSFER_ENCODING if !value.as_bytes().eq_ignore_ascii_case(b"chunked") => {
            Some("Transfer-Encoding is something else than chunked")
        }
        CONTENT_ENCODING if !value.as_bytes().eq_ignore_ascii_case(b"identity") => {
            Some("the body is compressed, so it cannot be judged")
        }
        UPGRADE => Some("upgrades are not served"),
        // Some servers read `_` as `-`; names without `-` or `_` cannot be one of these.
        _ if text.starts_with('x') && REWRITING.iter().any(|other| same_name(text, other)) => {
            Some("a header asks for another method or target than the one judged")
        }
        _ => None,
    }
}

/// Whether two header names are the same to a server that takes `_` for `-`. Both are lower case.
pub(super) fn same_name(name: &str, dashed: &str) -> bool {
    name.len() == dashed.len() && name.bytes().zip(dashed.bytes()).all(|(a, b)| a == b || (a == b'_' && b == b'-'))
}

/// The host of a `Host` value, lower case, without port; `None` when it is malformed.
fn host_name(value: &str) -> Option<std::borrow::Cow<'_, str>> {
    let (host, port) = match value.strip_prefix('[') {
        Some(rest) => {
            let (inside, after) = rest.split_once(']')?;
            inside.parse::<std::net::Ipv6Addr>().ok()?;
            let host = value.get(..inside.len() + 2)?;
            (host, after.strip_prefix(':').or(after.is_empty().then_some(""))?)
        }
        None => value.split_once(':').unwrap_or((value, "")),
    };
    let name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let plain = !host.is_empty() && (host.starts_with('[') || host.bytes().all(name));
    if !plain || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        host.to_ascii_lowercase().into()
    } else {
        host.into()
    })
}

/// Whether a browser page of `origin` may call an MCP route: a configured one, or one on the loopback. A page of any other
/// origin may be a rebound DNS name that reaches a gateway on the user's own machine.
pub(super) fn origin_allowed(headers: &HeaderMap, snapshot: &PolicySnapshot) -> bool {
    headers.get_all("origin").iter().all(|origin| {
        let Ok(origin) = origin.to_str() else { return false };
        let configured = snapshot.origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin));
        let host = origin.split_once("://").and_then(|(_, authority)| host_name(authority));
        configured || host.is_some_and(|host| ["localhost", "127.0.0.1", "[::1]"].contains(&&*host))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_lose_port_and_case() {
        for (value, host) in [
            ("Example.com:8080", Some("example.com")),
            ("127.0.0.1", Some("127.0.0.1")),
            ("[::1]:80", Some("[::1]")),
            ("[::1", None),
            ("[nonsense]", None),
            ("a b", None),
            ("", None),
            ("a:80x", None),
            ("user@host", None),
        ] {
            assert_eq!(host_name(value).as_deref(), host, "{value}");
        }
    }
}
