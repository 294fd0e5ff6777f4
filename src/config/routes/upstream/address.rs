//! `upstream.addresses`: the tool servers of a route. Imports `model` only.

use std::fmt;
use std::num::NonZeroU16;
use std::path::PathBuf;

use crate::config::resolve::{Authority, Spot};

/// What the address of a unix socket begins with.
const UNIX: &str = "unix:";

/// Longest path of a unix socket: the system has 108 bytes for it, the last one a zero.
const MAX_PATH_BYTES: usize = 107;

/// Where a tool server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpstreamAddress {
    /// A host, by name or address, and its TCP port.
    Host {
        /// A name or an IP address (IPv6 without brackets), lower case. Names are resolved when connecting.
        host: String,
        /// TCP port.
        port: NonZeroU16,
    },
    /// A unix socket; the path is as the configuration means it.
    Unix(PathBuf),
}

/// As it is written: `127.0.0.1:9000`, `[::1]:9000`, `tool.internal:9000`, `unix:/run/tool.sock`.
impl fmt::Display for UpstreamAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Host { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "{UNIX}{}", path.display()),
        }
    }
}

/// The addresses from what is written; `None` after complaining.
pub(super) fn resolve(written: &[String], spot: &Spot<'_>) -> Option<Vec<UpstreamAddress>> {
    let mut addresses = Vec::with_capacity(written.len());
    for (index, text) in written.iter().enumerate() {
        let spot = spot.element(index);
        let address = match text.strip_prefix(UNIX) {
            Some(path) => unix(path, &spot),
            None => Authority::parse(text, &spot)
                .map(|Authority { host, port }| UpstreamAddress::Host { host, port }),
        };
        let Some(address) = address else { continue };
        if addresses.contains(&address) {
            spot.refuse("this address is written twice");
        } else {
            addresses.push(address);
        }
    }
    (addresses.len() == written.len()).then_some(addresses)
}

fn unix(path: &str, spot: &Spot<'_>) -> Option<UpstreamAddress> {
    if path.is_empty() || path.starts_with("//") {
        spot.refuse_with("not a path of a unix socket", "write it as unix:/run/tool.sock");
        return None;
    }
    let path = spot.beside(path);
    let bytes = path.as_os_str().as_encoded_bytes();
    if bytes.len() > MAX_PATH_BYTES || bytes.contains(&0) {
        spot.refuse(format!(
            "the path of a unix socket has at most {MAX_PATH_BYTES} bytes, none of them zero"
        ));
        return None;
    }
    Some(UpstreamAddress::Unix(path))
}
