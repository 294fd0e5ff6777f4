//! Binding, serving and stopping.

use std::fmt;
use std::sync::Arc;

use pingora::apps::HttpServerApp;
use pingora::proxy::{HttpProxy, http_proxy};
use pingora::server::configuration::ServerConf;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::{Listen, ListenAddress, Timeouts};
use crate::gateway::{Gateway, InFlight};
use crate::proxy::ProxyError;
use crate::proxy::listen::accept::{Serving, Speaking, accept};
use crate::proxy::listen::listener::Listener;
use crate::proxy::listen::tls::Certificates;
use crate::proxy::service::Service;
use crate::proxy::upstream::Peers;

/// What a data plane is made of.
#[derive(Debug)]
pub struct DataPlaneOptions {
    /// Where to listen, and what to speak there.
    pub listen: Vec<Listen>,
    /// The deadlines.
    pub timeouts: Timeouts,
    /// Largest body, in bytes.
    pub max_body_bytes: usize,
}

/// The data plane: bound, and ready to serve.
pub struct DataPlane {
    listeners: Vec<Speaking>,
    certificates: Certificates,
    proxy: Arc<HttpProxy<Service>>,
    peers: Arc<Peers>,
    gateway: Arc<Gateway>,
    timeouts: Timeouts,
}

/// Where a listener really listens. Shown as a URL: `http://127.0.0.1:8080`, `https://[::1]:8443`, `unix:/run/aegis.sock`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListeningAt {
    /// The address, with the port that was chosen.
    pub address: ListenAddress,
    /// Whether it speaks TLS.
    pub tls: bool,
}

impl fmt::Display for ListeningAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.address, self.tls) {
            (ListenAddress::Tcp(address), false) => write!(f, "http://{address}"),
            (ListenAddress::Tcp(address), true) => write!(f, "https://{address}"),
            (unix @ ListenAddress::Unix(_), _) => unix.fmt(f),
        }
    }
}

impl fmt::Debug for DataPlane {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("DataPlane").field("listening", &self.listening()).finish_non_exhaustive()
    }
}

impl DataPlane {
    /// Binds the addresses.
    ///
    /// # Errors
    /// An address that cannot be listened on.
    pub async fn bind(options: DataPlaneOptions, gateway: Arc<Gateway>) -> Result<Self, ProxyError> {
        let DataPlaneOptions { listen, timeouts, max_body_bytes } = options;
        let mut certificates = Certificates::default();
        let mut listeners = Vec::with_capacity(listen.len());
        for listen in &listen {
            let tls = certificates.add(listen)?;
            let listener = Listener::bind(&listen.address).await?;
            listeners.push(Speaking { listener, tls, http2: listen.http2 });
        }
        let configuration = Arc::new(ServerConf::default());
        let peers = Arc::new(Peers::new()?);
        let service =
            Service { gateway: Arc::clone(&gateway), timeouts, max_body_bytes, peers: Arc::clone(&peers) };
        let proxy = Arc::new(http_proxy(&configuration, service));
        Ok(Self { listeners, certificates, proxy, peers, gateway, timeouts })
    }

    /// Where it really listens.
    #[must_use]
    pub fn listening(&self) -> Vec<ListeningAt> {
        let at = |speaking: &Speaking| {
            Some(ListeningAt { address: speaking.listener.address()?, tls: speaking.tls.is_some() })
        };
        self.listeners.iter().filter_map(at).collect()
    }

    /// What replaces the certificates its listeners show.
    #[must_use]
    pub fn certificates(&self) -> Certificates {
        self.certificates.clone()
    }

    /// Serves until `stop` turns true, then takes no more connections and waits for the requests in flight, at most
    /// `shutdown_grace`. Returns whether all of them ended by themselves.
    pub async fn serve(self, stop: watch::Receiver<bool>) -> bool {
        let Self { listeners, proxy, peers, gateway, timeouts, .. } = self;
        // Ends with this function.
        let mut tending = JoinSet::new();
        tending.spawn(async move { peers.tend(&gateway).await });
        let connections = InFlight::default();
        let serving =
            Arc::new(Serving { proxy: Arc::clone(&proxy), timeouts, connections: connections.clone() });
        let mut accepting = JoinSet::new();
        for speaking in listeners {
            accepting.spawn(accept(speaking, Arc::clone(&serving), stop.clone()));
        }
        // The listeners close as their tasks end.
        while accepting.join_next().await.is_some() {}
        // Connections that wait for a next request end now; those that serve one end after it.
        proxy.http_cleanup().await;
        tokio::time::timeout(timeouts.shutdown_grace, connections.idle()).await.is_ok()
    }
}
