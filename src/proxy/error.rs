//! What can go wrong while the data plane is set up.

use std::io;
use std::net::SocketAddr;

use thiserror::Error;

/// A data plane that could not start.
#[derive(Debug, Error)]
pub enum ProxyError {
    /// An address that cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The system's certificate authorities, which tools are verified with.
    #[error(
        "the system's certificate authorities cannot be used: {0}; SSL_CERT_FILE may name a file of others"
    )]
    Authorities(String),
}
