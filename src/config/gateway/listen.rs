//! `gateway.listen`: where tool traffic arrives. Imports `model` only.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::config::gateway::tls::{ListenTls, listen_tls};
use crate::config::raw::RawGateway;
use crate::config::resolve::{Spot, listen_address};

/// One listener of the data plane.
#[derive(Clone, Debug)]
pub struct Listen {
    /// Where it listens.
    pub address: ListenAddress,
    /// How it speaks TLS; `None`: not at all.
    pub tls: Option<ListenTls>,
    /// Whether HTTP/2 is spoken beside HTTP/1.1.
    pub http2: bool,
}

/// Where a listener listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// A TCP address; port 0 = one the system chooses.
    Tcp(SocketAddr),
    /// The path of a socket.
    Unix(PathBuf),
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl ListenAddress {
    /// The TCP address, where the port was not left to the system.
    pub(in crate::config) fn fixed(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) if address.port() != 0 => Some(*address),
            Self::Tcp(_) | Self::Unix(_) => None,
        }
    }
}

pub(super) fn listeners(raw: &RawGateway, spot: &Spot<'_>) -> Vec<Listen> {
    let mut listeners: Vec<Listen> = Vec::new();
    for (index, listen) in raw.listen.iter().enumerate() {
        let Some(listen) = listen else { continue };
        let spot = spot.element(index);
        let at_address = spot.key("address");
        let address = match listen.address.strip_prefix("unix:") {
            Some(path) => unix_path(path, &at_address).map(ListenAddress::Unix),
            None => listen_address(&listen.address, &at_address).map(ListenAddress::Tcp),
        };
        let tls = listen.tls.as_ref().map(|tls| listen_tls(tls, &spot.key("tls")));
        let (Some(address), Some(tls)) = (address, tls.map_or(Some(None), |tls| tls.map(Some))) else {
            continue;
        };
        let is_fixed = address.fixed().is_some() || matches!(address, ListenAddress::Unix(_));
        if is_fixed && listeners.iter().any(|other| other.address == address) {
            at_address.refuse("this address is listed twice");
        }
        listeners.push(Listen { address, tls, http2: listen.http2 });
    }
    listeners
}

/// Longest path of a socket: the system's own limit, less one byte for its end.
const SOCKET_PATH_MAX: usize = 107;

fn unix_path(text: &str, spot: &Spot<'_>) -> Option<PathBuf> {
    let path = spot.beside(text);
    if text.is_empty() {
        spot.refuse_with("no path behind unix:", "write it as unix:/run/aegis/gateway.sock");
        return None;
    }
    if path.as_os_str().len() > SOCKET_PATH_MAX {
        spot.refuse(format!("longer than {SOCKET_PATH_MAX} bytes, which no socket's path may be"));
        return None;
    }
    Some(path)
}
