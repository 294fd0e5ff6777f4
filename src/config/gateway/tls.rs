//! `tls` of a listener: what callers are shown. Imports `model` only.

use std::fmt;
use std::sync::Arc;

use rustls::sign::CertifiedKey;

use crate::config::resolve::{Spot, key_pair};

/// A certificate chain with the private key of its first certificate; they were found to fit.
#[derive(Clone)]
pub struct ServerCertificate(Arc<CertifiedKey>);

impl ServerCertificate {
    /// What a TLS server takes.
    pub fn certified_key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0)
    }
}

/// INVARIANT: the key is never shown.
impl fmt::Debug for ServerCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerCertificate({} certificates)", self.0.cert.len())
    }
}

/// Reads the certificate and key in the files `cert` and `key`, which stand at those keys of `spot`.
pub(super) fn server_certificate(cert: &str, key: &str, spot: &Spot<'_>) -> Option<ServerCertificate> {
    let pair = key_pair((cert, &spot.key("cert")), (key, &spot.key("key")))?;
    Some(ServerCertificate(Arc::new(pair.certified)))
}
