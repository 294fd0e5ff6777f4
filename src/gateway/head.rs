//! The head of a request: what must hold before anything else is looked at.

use std::borrow::Cow;
use std::net::IpAddr;

use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, HOST, ORIGIN, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::decision::PolicySnapshot;
use crate::extract::{McpHead, same_name};
use crate::gateway::Refusal;
use crate::identity::{IdentityError, Presented};
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
    /// The address its connection comes from; `None` on a unix socket.
    pub peer: Option<IpAddr>,
    /// Whether it came over TLS.
    pub tls: bool,
    /// The whole body.
    pub body: &'a [u8],
    /// Where it comes from; `None`: a local socket.
    pub client: Option<IpAddr>,
    /// Whether the connection could become a tunnel: HTTP/1.1 can.
    pub may_upgrade: bool,
}

/// Headers by which a caller asks that another method or target be served than the one that is judged.
const REWRITING: [&str; 11] = [
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
    "x-original-url",
    "x-rewrite-url",
    "x-original-method",
    "x-override-url",
    "x-original-uri",
    "x-original-host",
    "x-http-path-override",
    "x-envoy-original-path",
];

/// What of a request's header fields matters to us, gathered in one pass: looking each up by name would cost more than the
/// decision itself.
#[derive(Debug)]
pub(super) struct Head<'a> {
    pub(super) host: Cow<'a, str>,
    pub(super) content_type: Option<&'a str>,
    pub(super) mcp: McpHead<'a>,
    /// Whose call it says it is; an error where the credentials are not even well formed.
    pub(super) presented: Result<Presented<'a>, IdentityError>,
    pub(super) has_origin: bool,
    /// Whether it asks for a tunnel, in the one way that is served.
    pub(super) tunnel: bool,
    /// `Mcp-Session-Id`.
    pub(super) session: Option<&'a [u8]>,
}

/// Reads and checks the header fields.
pub(super) fn read<'a>(headers: &'a HeaderMap, snapshot: &PolicySnapshot) -> Result<Head<'a>, Box<Refusal>> {
    let bad = |what: &str| {
        Box::new(Refusal::problem(
            400,
            ReasonCode::InvalidRequest,
            format!("The request was refused: {what}."),
        ))
    };
    let mut head = Head {
        host: Cow::Borrowed(""),
        content_type: None,
        mcp: McpHead::default(),
        presented: Ok(Presented::default()),
        has_origin: false,
        tunnel: false,
        session: None,
    };
    let (mut host, mut hosts, mut codings, mut nominating) = (None, 0, 0, 0);
    let (mut upgrades, mut upgrading) = (0, false);
    for (name, value) in headers {
        if let Some(what) = forbidden(name, value) {
            return Err(bad(what));
        }
        match *name {
            HOST => {
                host = value.to_str().ok();
                hosts += 1;
            }
            TRANSFER_ENCODING => codings += 1,
            CONNECTION => {
                nominating += 1;
                upgrading = names(value.as_bytes()).any(|name| name.eq_ignore_ascii_case(b"upgrade"));
            }
            UPGRADE => upgrades += 1,
            // Of several content types none is believed.
            CONTENT_TYPE if head.content_type.is_none() => head.content_type = value.to_str().ok(),
            CONTENT_TYPE => head.content_type = Some(""),
            ORIGIN => head.has_origin = true,
            AUTHORIZATION => head.present(|presented| presented.authorization(value.as_bytes())),
            _ => head.custom(name.as_str(), value.as_bytes()),
        }
    }
    if codings > 1 || nominating > 1 {
        return Err(bad("Transfer-Encoding or Connection stands twice"));
    }
    // Some tools switch on the one header, some on both: what asks for half a tunnel is refused.
    match (upgrades, upgrading) {
        (0, false) => {}
        (1, true) => head.tunnel = true,
        _ => return Err(bad("Upgrade and Connection do not ask for an upgrade together")),
    }
    match hosts {
        0 => return Err(bad("Host is missing")),
        1 => head.host = host.and_then(host_name).ok_or_else(|| bad("Host is malformed"))?,
        _ => return Err(bad("Host stands twice")),
    }
    let with_port = host.unwrap_or_default();
    let served = |allowed: &String| *allowed == head.host || allowed.eq_ignore_ascii_case(with_port);
    if !snapshot.hosts.is_empty() && !snapshot.hosts.iter().any(served) {
        let detail = "This host is not served here.";
        return Err(Box::new(Refusal::problem(421, ReasonCode::HostNotAllowed, detail)));
    }
    Ok(head)
}

impl<'a> Head<'a> {
    /// Headers that are no standard ones.
    fn custom(&mut self, name: &'a str, value: &'a [u8]) {
        match name {
            "x-api-key" => self.present(|presented| presented.api_key(value)),
            "x-aegis-actor" => self.present(|presented| presented.actor(value)),
            // Of two sessions neither is believed.
            "mcp-session-id" if self.session.is_none() => self.session = Some(value),
            "mcp-session-id" => self.session = Some(b"?"),
            _ => self.mcp.note(name, value),
        }
    }

    fn present(&mut self, add: impl FnOnce(Presented<'a>) -> Result<Presented<'a>, IdentityError>) {
        self.presented = self.presented.and_then(add);
    }
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
        UPGRADE if !value.as_bytes().eq_ignore_ascii_case(b"websocket") => {
            Some("it asks for an upgrade to something else than websocket")
        }
        CONNECTION if !nominates_nothing_judged(value.as_bytes()) => {
            Some("Connection is malformed, or names a header that must reach the tool")
        }
        // Some servers read `_` as `-`; names without `-` or `_` cannot be one of these.
        _ if text.starts_with('x') && REWRITING.iter().any(|other| same_name(text, other)) => {
            Some("a header asks for another method or target than the one judged")
        }
        _ => None,
    }
}

/// Headers named in `Connection` are dropped on the way. A caller must not have one dropped that was judged, or that says how
/// the request is framed and for whom it is; what else it names is its own affair.
fn nominates_nothing_judged(value: &[u8]) -> bool {
    let mut count = 0;
    names(value).all(|name| {
        count += 1;
        let begins = |prefix: &str| {
            name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
        };
        count <= MAX_NOMINATED
            && HeaderName::from_bytes(name).is_ok()
            && !KEPT.iter().any(|kept| name.eq_ignore_ascii_case(kept.as_bytes()))
            && !KEPT_FAMILIES.iter().any(|family| begins(family))
    })
}

/// The names in a `Connection` value.
fn names(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

/// Most names in `Connection`.
const MAX_NOMINATED: usize = 8;

/// What `Connection` may not name, and beginnings of what it may not name.
const KEPT: [&str; 7] = ["host", "accept", "authorization", "cookie", "expect", "forwarded", "origin"];
const KEPT_FAMILIES: [&str; 3] = ["content-", "mcp-", "x-forwarded-"];

/// The host of a `Host` value, lower case, without port; `None` when it is malformed.
fn host_name(value: &str) -> Option<Cow<'_, str>> {
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

/// Whether a browser page of this origin may call an MCP route: one of `gateway.origins`; where none are configured, a page of
/// a host in `gateway.hosts` or of the loopback. That the origin is the request's own host proves nothing: to a page whose
/// DNS name was rebound to this gateway both are its own.
pub(super) fn origin_allowed(headers: &HeaderMap, snapshot: &PolicySnapshot) -> bool {
    headers.get_all(ORIGIN).iter().all(|origin| {
        let Ok(origin) = origin.to_str() else { return false };
        if !snapshot.origins.is_empty() {
            return snapshot.origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin));
        }
        let host = origin.split_once("://").and_then(|(_, authority)| host_name(authority));
        host.is_some_and(|host| {
            ["localhost", "127.0.0.1", "[::1]"].contains(&&*host)
                || snapshot.hosts.iter().any(|ours| *ours == host)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_may_not_name_what_was_judged() {
        for (value, fine) in [
            ("keep-alive", true),
            ("close", true),
            ("Keep-Alive, TE,X-Mine", true),
            ("Host", false),
            ("keep-alive, Content-Type", false),
            ("content-length", false),
            ("MCP-Session-Id", false),
            ("x-forwarded-for", false),
            ("keep-alive,", false),
            ("a b", false),
            ("a,b,c,d,e,f,g,h,i", false),
        ] {
            assert_eq!(nominates_nothing_judged(value.as_bytes()), fine, "{value}");
        }
    }

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
