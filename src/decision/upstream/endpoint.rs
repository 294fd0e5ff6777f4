//! One address of an upstream.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use crate::decision::EndpointState;

/// One address of an upstream. Clones share its state.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// As it is written, for people and metrics.
    pub name: Arc<str>,
    /// Where it is.
    pub address: EndpointAddress,
    /// The name that must be in its certificate, with TLS; never empty then.
    pub server_name: Arc<str>,
    /// What is known of it now.
    pub state: Arc<EndpointState>,
}

/// Where a tool server listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EndpointAddress {
    /// At an IP address and port.
    Inet(SocketAddr),
    /// At a host whose name is looked up when connecting.
    Named {
        /// The host's name.
        host: Arc<str>,
        /// TCP port.
        port: u16,
    },
    /// At a unix socket.
    Unix(Arc<Path>),
}
