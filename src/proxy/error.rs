//! What can go wrong while the data plane is set up.

use std::io;

use thiserror::Error;

/// A data plane that could not start.
#[derive(Debug, Error)]
pub enum ProxyError {
    /// An address that cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// TLS with callers could not be set up: a defect.
    #[error("TLS could not be set up: {0}")]
    Tls(rustls::Error),
    /// The system's certificate authorities, which tools are verified with.
    #[error(
        "the system's certificate authorities cannot be used: {0}; SSL_CERT_FILE may name a file of others"
    )]
    Authorities(String),
}
