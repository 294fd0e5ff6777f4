//! Listening, accepting and stopping.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use pingora::apps::HttpServerApp;
use pingora::protocols::http::ServerSession;
use pingora::proxy::{HttpProxy, http_proxy};
use pingora::server::configuration::ServerConf;
use rustix::net::sockopt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::Timeouts;
use crate::gateway::{Gateway, InFlight};
use crate::proxy::ProxyError;
use crate::proxy::connection::{Connection, Deadline};
use crate::proxy::service::Service;
use crate::proxy::upstream::Peers;

/// How long accepting pauses when the system refuses (out of file descriptors, say).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A connection silent for so long is probed,
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
/// again and again after so long,
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
/// and ends after so many probes without an answer.
const KEEPALIVE_PROBES: u32 = 3;
/// How long the other side may leave what it was sent untaken, in milliseconds.
const UNTAKEN_MS: u32 = 60_000;

/// What a data plane is made of.
#[derive(Debug)]
pub struct DataPlaneOptions {
    /// Where to listen. Port 0 = one the system chooses.
    pub listen: Vec<SocketAddr>,
    /// The deadlines.
    pub timeouts: Timeouts,
    /// Largest body, in bytes.
    pub max_body_bytes: usize,
}

/// The data plane: bound, and ready to serve.
pub struct DataPlane {
    listeners: Vec<TcpListener>,
    proxy: Arc<HttpProxy<Service>>,
    peers: Arc<Peers>,
    gateway: Arc<Gateway>,
    timeouts: Timeouts,
    connections: InFlight,
}

impl std::fmt::Debug for DataPlane {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("DataPlane").field("listeners", &self.listeners).finish_non_exhaustive()
    }
}

impl DataPlane {
    /// Binds the addresses.
    ///
    /// # Errors
    /// An address that cannot be listened on; certificate authorities of the system that cannot be used.
    pub async fn bind(options: DataPlaneOptions, gateway: Arc<Gateway>) -> Result<Self, ProxyError> {
        let DataPlaneOptions { listen, timeouts, max_body_bytes } = options;
        let mut listeners = Vec::with_capacity(listen.len());
        for address in listen {
            let listener = TcpListener::bind(address).await;
            listeners.push(listener.map_err(|source| ProxyError::Listen { address, source })?);
        }
        let configuration = Arc::new(ServerConf::default());
        let peers = Arc::new(Peers::new()?);
        let service =
            Service { gateway: Arc::clone(&gateway), timeouts, max_body_bytes, peers: Arc::clone(&peers) };
        let proxy = Arc::new(http_proxy(&configuration, service));
        Ok(Self { listeners, proxy, peers, gateway, timeouts, connections: InFlight::default() })
    }

    /// The addresses that are really listened on.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    /// Serves until `stop` turns true, then takes no more connections and waits for the requests in flight, at most
    /// `shutdown_grace`. Returns whether all of them ended by themselves.
    pub async fn serve(self, stop: watch::Receiver<bool>) -> bool {
        let Self { listeners, proxy, peers, gateway, timeouts, connections } = self;
        // Ends with this function.
        let mut tending = JoinSet::new();
        tending.spawn(async move { peers.tend(&gateway).await });
        let mut accepting = JoinSet::new();
        for listener in listeners {
            accepting.spawn(accept(
                listener,
                Arc::clone(&proxy),
                timeouts,
                connections.clone(),
                stop.clone(),
            ));
        }
        // The listeners close as their tasks end.
        while accepting.join_next().await.is_some() {}
        // Connections that wait for a next request end now; those that serve one end after it.
        proxy.http_cleanup().await;
        tokio::time::timeout(timeouts.shutdown_grace, connections.idle()).await.is_ok()
    }
}

async fn accept(
    listener: TcpListener,
    proxy: Arc<HttpProxy<Service>>,
    timeouts: Timeouts,
    connections: InFlight,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _stopped = stop.wait_for(|stop| *stop) => return,
        };
        match accepted {
            Ok((stream, _peer)) => {
                let (proxy, stop, guard) = (Arc::clone(&proxy), stop.clone(), connections.enter());
                tokio::spawn(async move {
                    let _guard = guard;
                    let deadline = Arc::new(Deadline::new(timeouts.header));
                    serve_connection(stream, proxy, timeouts, deadline, stop).await;
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Serves the requests of one connection, one after the other.
async fn serve_connection(
    stream: TcpStream,
    proxy: Arc<HttpProxy<Service>>,
    timeouts: Timeouts,
    deadline: Arc<Deadline>,
    stop: watch::Receiver<bool>,
) {
    if stream.set_nodelay(true).is_err() || watch_for_silence(&stream).is_err() {
        return;
    }
    let connection = Connection::new(stream, Arc::clone(&deadline));
    let mut session = ServerSession::new_http1(Box::new(connection));
    loop {
        // The deadline bounds every wait, so Pingora's own timer between requests is switched off.
        session.set_keepalive(Some(0));
        deadline.await_request(timeouts.idle);
        let Some(reused) = proxy.process_new_http(session, &stop).await else { return };
        let (stream, settings) = reused.consume();
        session = ServerSession::new_http1(stream);
        if let Some(settings) = settings {
            settings.apply_to_session(&mut session);
        }
    }
}

/// Has the kernel find out that the other side is gone and did not say so (a laptop asleep, a lost NAT entry): an open stream
/// waits for ever otherwise, and keeps its place among the requests under way.
pub(super) fn watch_for_silence(stream: &TcpStream) -> rustix::io::Result<()> {
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, KEEPALIVE_IDLE)?;
    sockopt::set_tcp_keepintvl(stream, KEEPALIVE_INTERVAL)?;
    sockopt::set_tcp_keepcnt(stream, KEEPALIVE_PROBES)?;
    // What was sent and not taken for so long ends the connection as well.
    sockopt::set_tcp_user_timeout(stream, UNTAKEN_MS)
}
