//! Certificates and keys in PEM files. Imports `model` only; the files come through `Sources`.

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::parse_x509_certificate;

use crate::config::resolve::Spot;

/// A certificate chain and the private key of its first certificate, which fit.
pub(crate) struct KeyPair {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
    /// The same as a TLS library takes it.
    pub(crate) certified: CertifiedKey,
}

/// Reads a certificate and its key from two files, each with the spot it is named at.
pub(crate) fn key_pair(certificate: (&str, &Spot<'_>), key: (&str, &Spot<'_>)) -> Option<KeyPair> {
    let chain = certificates(certificate.0, certificate.1);
    let (path, at_key) = key;
    let key = private_key(path, at_key);
    let (chain, key) = (chain?, key?);
    match CertifiedKey::from_der(chain.clone(), key.clone_key(), &ring::default_provider()) {
        Ok(certified) => Some(KeyPair { chain, key, certified }),
        Err(rustls::Error::InconsistentKeys(_)) => {
            let (key, certificate) = (path.escape_debug(), certificate.0.escape_debug());
            at_key.refuse(format!("{key} is not the key of the certificate in {certificate}"));
            None
        }
        Err(_) => {
            at_key.refuse_with(
                format!("{} holds a key that cannot be used", path.escape_debug()),
                "RSA of 2048 bits and more, ECDSA (P-256, P-384) and Ed25519 can",
            );
            None
        }
    }
}

fn file(path: &str, spot: &Spot<'_>) -> Option<String> {
    let text = spot.sources().file(&spot.beside(path));
    text.map_err(|reason| spot.refuse(format!("the file {} cannot be read: {reason}", path.escape_debug())))
        .ok()
}

/// The certificates in a PEM file, in order; at least one.
pub(crate) fn certificates(path: &str, spot: &Spot<'_>) -> Option<Vec<CertificateDer<'static>>> {
    let text = file(path, spot)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let path = path.escape_debug();
    let complaint = match found {
        Ok(found) if found.is_empty() => format!("{path} holds no certificate in PEM form"),
        // Read with the library that reads them again when they are used, and that must not fail then.
        Ok(found) if found.iter().all(is_certificate) => return Some(found),
        Ok(_) => format!("{path} holds a certificate that cannot be read"),
        Err(_) => format!("{path} is not sound PEM"),
    };
    spot.refuse(complaint);
    None
}

fn is_certificate(der: &CertificateDer<'_>) -> bool {
    parse_x509_certificate(der).is_ok_and(|(rest, _)| rest.is_empty())
}

fn private_key(path: &str, spot: &Spot<'_>) -> Option<PrivateKeyDer<'static>> {
    let text = file(path, spot)?;
    let key = PrivateKeyDer::from_pem_slice(text.as_bytes()).ok();
    // From its bytes alone it must be recognized as well: that is how it is used.
    let key = key.and_then(|key| PrivateKeyDer::try_from(key.secret_der().to_vec()).ok());
    let path = path.escape_debug();
    if key.is_none() && text.contains("ENCRYPTED") {
        spot.refuse_with(
            format!("{path} holds an encrypted key"),
            "decrypt it, and let its file be readable by the gateway alone",
        );
        return None;
    }
    spot.require(key, || format!("{path} holds no private key in PEM form"))
}
