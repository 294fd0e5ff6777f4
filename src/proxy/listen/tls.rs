//! TLS with callers: certificates that can be replaced while connections are open.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use tokio_rustls::TlsAcceptor;

use crate::config::{Listen, TlsVersion};
use crate::model::handle::Handle;
use crate::proxy::ProxyError;

/// The protocol names of ALPN (RFC 7301, RFC 9113).
pub(super) const HTTP2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// The certificate a listener shows from now on.
#[derive(Debug)]
struct Shown(Handle<CertifiedKey>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

/// Replaces the certificates of a data plane's listeners.
#[derive(Clone, Debug, Default)]
pub struct Certificates {
    /// One for each listener, in order; `None` for those without TLS.
    shown: Vec<Option<Arc<Shown>>>,
}

impl Certificates {
    /// Shows the certificates of `listeners` from the next handshake on. Listeners themselves do not change while they run.
    pub fn renew(&self, listeners: &[Listen]) {
        for (shown, listen) in self.shown.iter().zip(listeners) {
            if let (Some(shown), Some(tls)) = (shown, &listen.tls) {
                shown.0.store(tls.certificate.certified_key());
            }
        }
    }

    /// Adds a listener; what its callers shake hands with.
    pub(super) fn add(&mut self, listen: &Listen) -> Result<Option<TlsAcceptor>, ProxyError> {
        let Some(tls) = &listen.tls else {
            self.shown.push(None);
            return Ok(None);
        };
        let shown = Arc::new(Shown(Handle::new(tls.certificate.certified_key())));
        self.shown.push(Some(Arc::clone(&shown)));
        acceptor(shown, tls.min_version, listen.http2).map(Some)
    }
}

fn acceptor(shown: Arc<Shown>, min_version: TlsVersion, http2: bool) -> Result<TlsAcceptor, ProxyError> {
    let provider = Arc::new(ring::default_provider());
    let spoken = match min_version {
        TlsVersion::V1_2 => &[&TLS13, &TLS12][..],
        TlsVersion::V1_3 => &[&TLS13],
    };
    let versions = ServerConfig::builder_with_provider(provider).with_protocol_versions(spoken);
    let mut config = versions.map_err(ProxyError::Tls)?.with_no_client_auth().with_cert_resolver(shown);
    let spoken = if http2 { &[HTTP2, HTTP1][..] } else { &[HTTP1] };
    config.alpn_protocols = spoken.iter().map(|name| name.to_vec()).collect();
    Ok(TlsAcceptor::from(Arc::new(config)))
}
