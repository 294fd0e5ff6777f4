//! `tls` of a listener: what callers are shown. Imports `model` only.

use std::fmt;
use std::sync::Arc;

use rustls::sign::CertifiedKey;

use crate::config::raw::{RawListenTls, RawTlsVersion};
use crate::config::resolve::{Spot, key_pair};

/// How a listener speaks TLS.
#[derive(Clone, Debug)]
pub struct ListenTls {
    /// What callers are shown.
    pub certificate: ServerCertificate,
    /// The oldest version that callers may speak.
    pub min_version: TlsVersion,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsVersion {
    /// TLS 1.2.
    V1_2,
    /// TLS 1.3.
    V1_3,
}

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

/// Reads the section `raw`, which stands at `spot`, and the files it names.
pub(super) fn listen_tls(raw: &RawListenTls, spot: &Spot<'_>) -> Option<ListenTls> {
    let pair = key_pair((&raw.cert, &spot.key("cert")), (&raw.key, &spot.key("key")))?;
    let min_version = match raw.min_version {
        RawTlsVersion::V1_2 => TlsVersion::V1_2,
        RawTlsVersion::V1_3 => TlsVersion::V1_3,
    };
    Some(ListenTls { certificate: ServerCertificate(Arc::new(pair.certified)), min_version })
}
