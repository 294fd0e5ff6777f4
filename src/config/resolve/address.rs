//! Addresses: what to listen on, whom to call, which hosts. Imports `model` only.

use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6};
use std::num::NonZeroU16;

use crate::config::resolve::Spot;
use crate::model::json::{NormalPath, PathAllowance};

/// An address and port to listen on.
pub(crate) fn listen_address(text: &str, spot: &Spot<'_>) -> Option<SocketAddr> {
    let address = text.parse().ok();
    if address.is_none() {
        let hint = if text.starts_with("localhost") {
            "write 127.0.0.1"
        } else {
            "write it as 127.0.0.1:8080 or [::1]:8080"
        };
        spot.refuse_with("not an IP address with a port", hint);
    }
    address
}

/// A host with a port: of an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authority {
    /// A name or an address, lower case; an IPv6 address without brackets.
    pub(crate) host: String,
    pub(crate) port: NonZeroU16,
}

impl Authority {
    pub(crate) fn parse(text: &str, spot: &Spot<'_>) -> Option<Self> {
        if text.contains("://") {
            spot.refuse_with("not host:port", "leave the scheme out, and put a path under path");
            return None;
        }
        let parsed = text.rsplit_once(':').and_then(|(host, port)| {
            let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
                Some(inside) => inside.parse::<Ipv6Addr>().ok()?.to_string(),
                None => host_name(host)?,
            };
            Some(Self { host, port: port.parse().ok()? })
        });
        if parsed.is_none() {
            spot.refuse_with(
                "not host:port",
                "write it as 127.0.0.1:9000, [::1]:9000 or tools.internal:9000",
            );
        }
        parsed
    }
}

/// A host's name or IPv4 address in lower case; `None` when it is none.
pub(crate) fn host_name(text: &str) -> Option<String> {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    (text.len() <= 253 && text.split('.').all(is_label)).then(|| text.to_ascii_lowercase())
}

/// A Host header's value: a name or address, with or without a port.
pub(crate) fn host_value(text: &str) -> Option<String> {
    if text.parse::<SocketAddrV6>().is_ok() {
        return Some(text.to_ascii_lowercase());
    }
    if let Some(inside) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        return inside.parse::<Ipv6Addr>().ok().map(|_| text.to_ascii_lowercase());
    }
    match text.rsplit_once(':') {
        Some((host, port)) => {
            port.parse::<NonZeroU16>().ok()?;
            host_name(host).map(|host| format!("{host}:{port}"))
        }
        None => host_name(text),
    }
}

/// A URL that paths are put behind: `http://` or `https://`, a host and perhaps a path. Complains and returns `None` when it is
/// none. A slash at its end is cut off.
pub(crate) fn base_url(text: &str, spot: &Spot<'_>) -> Option<String> {
    if text.contains(['?', '#']) {
        spot.refuse("must have neither a query nor a fragment: paths are put behind it");
        return None;
    }
    let url = scheme_and_rest(text).and_then(|(scheme, rest)| {
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let path_is_sound = path.is_empty() || NormalPath::parse(path, PathAllowance::default()).is_ok();
        let host = host_value(host).filter(|_| path_is_sound)?;
        Some(format!("{scheme}://{host}{path}"))
    });
    if url.is_none() {
        spot.refuse_with("not an absolute http or https URL", "write it as https://aegis.example");
    }
    url
}

fn scheme_and_rest(text: &str) -> Option<(&'static str, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    let scheme = ["https", "http"].into_iter().find(|known| scheme.eq_ignore_ascii_case(known))?;
    Some((scheme, rest))
}
