//! Why another server was not asked, or gave no answer.

use thiserror::Error;

/// A request that got no answer. No text repeats a credential.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NetError {
    /// No address that can be asked.
    #[error("\"{0}\" is not a URL such as http://127.0.0.1:8000")]
    BadUrl(String),
    /// A key with characters that no header can carry.
    #[error("the key holds characters that no key has")]
    BadKey,
    /// The system's certificate authorities cannot be read, or there are none.
    #[error(
        "the system's certificate authorities cannot be used: {0}; SSL_CERT_FILE may name a file of others"
    )]
    Authorities(String),
    /// No connection, or one that broke off or took too long.
    #[error("{0}")]
    Unreachable(String),
    /// More than is read.
    #[error("the answer is longer than {0} bytes")]
    TooLong(u64),
}
