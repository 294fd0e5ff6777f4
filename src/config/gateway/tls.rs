//! Certificates and keys, from PEM files to what a TLS library takes. Imports `model` only; files come through `Sources`.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::config::resolve::Spot;

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
    let (at_cert, at_key) = (spot.key("cert"), spot.key("key"));
    let certificates = certificates(cert, &at_cert);
    let key = read(key, &at_key).and_then(|pem| {
        let found = PrivateKeyDer::from_pem_slice(pem.as_bytes()).ok();
        at_key.require(found, || "the file holds no private key in PEM form".to_owned())
    });
    match CertifiedKey::from_der(certificates?, key?, &ring::default_provider()) {
        Ok(certified) => Some(ServerCertificate(Arc::new(certified))),
        Err(rustls::Error::InconsistentKeys(_)) => {
            at_key.refuse("the key does not belong to the certificate in tls.cert");
            None
        }
        Err(_) => {
            at_key.refuse("certificate and key cannot be used: not RSA, ECDSA or Ed25519, or damaged");
            None
        }
    }
}

/// The certificates in a PEM file, in order; at least one.
fn certificates(file: &str, spot: &Spot<'_>) -> Option<Vec<CertificateDer<'static>>> {
    let pem = read(file, spot)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let found = found.ok().filter(|found| !found.is_empty());
    spot.require(found, || "the file holds no certificate in PEM form".to_owned())
}

fn read(file: &str, spot: &Spot<'_>) -> Option<String> {
    match spot.sources().file(&spot.beside(file)) {
        Ok(text) => Some(text),
        Err(reason) => {
            spot.refuse(format!("the file {} cannot be read: {reason}", file.escape_debug()));
            None
        }
    }
}
