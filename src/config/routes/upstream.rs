//! Where a route's allowed calls go. Imports `model` only.

use std::num::NonZeroU16;
use std::time::Duration;

use crate::config::raw::{RawProtocol, RawUpstream};
use crate::config::resolve::{Authority, Spot};
use crate::config::secret::{Secret, resolve_secret};
use crate::model::json::{NormalPath, PathAllowance};

/// Where allowed calls go.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// The tool server.
    pub address: UpstreamAddress,
    /// The path that mcp and tool_call routes send to, in normal form; `/` when none is written. http routes keep the client's.
    pub path: String,
    /// The Host header calls are sent with; `None`: the client's.
    pub host: Option<String>,
    /// How long a connection may take to open.
    pub connect: Duration,
    /// How long the tool may take to begin its answer.
    pub read: Duration,
    /// Headers set on every call, in place of the client's; none twice.
    pub headers: Vec<UpstreamHeader>,
}

/// A host, by name or address, and its port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamAddress {
    /// A name or an IP address (IPv6 without brackets), lower case. Names are resolved when connecting.
    pub host: String,
    /// TCP port.
    pub port: NonZeroU16,
}

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

pub(super) fn resolve(raw: &RawUpstream, protocol: RawProtocol, spot: &Spot<'_>) -> Option<Upstream> {
    let address = raw.addresses.first().and_then(|text| {
        let Authority { host, port } = Authority::parse(text, &spot.key("addresses").element(0))?;
        Some(UpstreamAddress { host, port })
    });
    let path = path(raw, protocol, &spot.key("path"));
    if let Some(host) = &raw.host
        && (host.is_empty()
            || !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte)))
    {
        spot.key("host").refuse("not a host, with or without a port");
    }
    let headers = headers(raw, &spot.key("headers"));
    Some(Upstream {
        address: address?,
        path: path?,
        host: raw.host.clone(),
        connect: Duration::from_millis(raw.connect_ms),
        read: Duration::from_millis(raw.read_ms),
        headers: headers?,
    })
}

fn path(raw: &RawUpstream, protocol: RawProtocol, spot: &Spot<'_>) -> Option<String> {
    let Some(text) = &raw.path else { return Some("/".to_owned()) };
    if protocol == RawProtocol::Http {
        spot.refuse_key("only for mcp and tool_call routes: http routes keep the client's path");
        return None;
    }
    match NormalPath::parse(text, PathAllowance::default()) {
        Err(error) => {
            spot.refuse(error.to_string());
            None
        }
        Ok(_) if text.contains('?') || text.contains('#') => {
            spot.refuse("a path has no query and no fragment");
            None
        }
        Ok(normal) if normal.spelling() != text => {
            spot.refuse_with("not in normal form", format!("write it as {}", normal.spelling()));
            None
        }
        Ok(_) => Some(text.clone()),
    }
}

fn headers(raw: &RawUpstream, spot: &Spot<'_>) -> Option<Vec<UpstreamHeader>> {
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
