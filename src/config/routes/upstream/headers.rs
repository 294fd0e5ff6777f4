//! `upstream.headers` and `upstream.host`: what is set on every call. Imports `model` only.

use crate::config::raw::RawUpstream;
use crate::config::resolve::Spot;
use crate::config::secret::{Secret, resolve_secret};

/// A header set on every call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamHeader {
    /// A valid header name in lower case, not one the gateway sets itself.
    pub name: String,
    /// Its value: visible ASCII and spaces.
    pub value: Secret,
}

/// Headers that frame the message or that the gateway makes: setting them by configuration would break or forge one.
const OWN_HEADERS: [&str; 11] = [
    "connection",
    "content-encoding",
    "content-length",
    "expect",
    "keep-alive",
    "mcp-session-id",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The headers that are written; `None` after complaining.
pub(super) fn headers(raw: &RawUpstream, spot: &Spot<'_>) -> Option<Vec<UpstreamHeader>> {
    let mut headers: Vec<UpstreamHeader> = Vec::new();
    for (name, value) in &raw.headers {
        let spot = spot.key(name);
        let name = name.to_ascii_lowercase();
        let complaint = if name.is_empty() || !name.bytes().all(is_token) {
            Some("not a header's name")
        } else if name == "host" {
            Some("the Host header is set by upstream.host")
        } else if OWN_HEADERS.contains(&name.as_str()) || name.starts_with("x-aegis-") {
            Some("the gateway sets this header itself")
        } else if headers.iter().any(|header| header.name == name) {
            Some("this header is written twice")
        } else {
            None
        };
        if let Some(complaint) = complaint {
            spot.refuse_key(complaint);
        }
        let Some(value) = resolve_secret(value, &spot) else { continue };
        if !value.reveal().bytes().all(|byte| byte == b'\t' || (0x20..0x7f).contains(&byte)) {
            spot.refuse(
                "the value has characters that a header cannot carry (line breaks, or letters beyond ASCII)",
            );
        } else if complaint.is_none() {
            headers.push(UpstreamHeader { name, value });
        }
    }
    (headers.len() == raw.headers.len()).then_some(headers)
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Complains about a Host that is none.
pub(super) fn check_host(raw: &RawUpstream, spot: &Spot<'_>) {
    if let Some(host) = &raw.host
        && (host.is_empty()
            || !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte)))
    {
        spot.refuse("not a host, with or without a port");
    }
}
