//! Addresses: what to listen on, whom to call, which hosts. Imports `model` only.

use std::net::{Ipv6Addr, SocketAddr};
use std::num::NonZeroU16;

use crate::config::resolve::Spot;

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
