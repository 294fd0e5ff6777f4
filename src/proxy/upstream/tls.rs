//! Certificates in the form Pingora takes them, made once for all connections that show or believe them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::fast::RandomState;
use pingora::protocols::tls::CaType;
use pingora::tls::{RootCertStore, load_native_certs};
use pingora::upstreams::peer::HttpPeer;
use pingora::utils::tls::{CertKey, WrappedX509, parse_x509};

use crate::decision::UpstreamTls;
use crate::proxy::ProxyError;

/// What was made of every kind of TLS in use, by its fingerprint.
#[derive(Default)]
pub(super) struct Certificates {
    made: Mutex<HashMap<u64, Made, RandomState>>,
}

#[derive(Clone)]
struct Made {
    authorities: Option<Arc<CaType>>,
    client: Option<Arc<CertKey>>,
}

impl Certificates {
    /// Has a peer verified and shown what `tls` says.
    ///
    /// INVARIANT: the peer has a name by now. Without one Pingora would verify nothing.
    pub(super) fn fit(&self, peer: &mut HttpPeer, tls: &UpstreamTls) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let Made { authorities, client } = made.entry(tls.fingerprint).or_insert_with(|| make(tls)).clone();
        drop(made);
        peer.options.ca = authorities;
        peer.client_cert_key = client;
        // Pingora tells connections apart by the serial numbers of what is shown and not by what is believed.
        peer.group_key = tls.fingerprint;
    }

    /// Lets go of what is not in use any more.
    pub(super) fn keep(&self, in_use: impl Fn(u64) -> bool) {
        self.made
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|fingerprint, _| in_use(*fingerprint));
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Certificates")
    }
}

/// How many certificate authorities the system has. Pingora reads them when its connectors are made, and panics over one that
/// cannot be used; so they are tried before.
pub(super) fn system_authorities() -> Result<usize, ProxyError> {
    let found = load_native_certs().map_err(|error| ProxyError::Authorities(error.to_string()))?;
    let (mut roots, count) = (RootCertStore::empty(), found.len());
    for certificate in found {
        roots.add(certificate).map_err(|error| ProxyError::Authorities(error.to_string()))?;
    }
    Ok(count)
}

/// Pingora panics over a certificate it cannot read. The configuration's own check has read every one the same way.
fn make(tls: &UpstreamTls) -> Made {
    let authorities: Vec<_> =
        tls.authorities.iter().map(|der| WrappedX509::new(der.clone(), parse_x509)).collect();
    Made {
        authorities: (!authorities.is_empty()).then(|| authorities.into()),
        client: tls
            .client
            .as_ref()
            .map(|client| Arc::new(CertKey::new(client.chain.clone(), client.key.clone()))),
    }
}
