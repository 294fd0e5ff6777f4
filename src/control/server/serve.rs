//! Serving a router until the gateway stops, within limits: what nobody needs a key for must not starve the data plane of file
//! descriptors, nor the people who come to decide of connections.

use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use crate::control::auth::Client;
use crate::control::server::stalls::Stalls;

/// How long accepting pauses when the system refuses.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What a listener's connections may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct ServeLimits {
    /// Connections served at once; more wait to be accepted.
    pub(super) connections: usize,
    /// Longest time for a request's head, from the connection's or the last answer's end on: so no connection stays silent longer.
    pub(super) head: Duration,
    /// Longest time in which a caller takes nothing of its answer.
    pub(super) stall: Duration,
    /// Longest time for requests under way when the gateway stops.
    pub(super) grace: Duration,
}

impl ServeLimits {
    /// Those of every listener.
    pub(super) const OURS: Self = Self {
        connections: 256,
        head: Duration::from_secs(10),
        stall: Duration::from_secs(10),
        grace: Duration::from_secs(5),
    };
}

/// Serves `router` on `listener` until `stop` turns true; requests under way are finished.
pub async fn serve(listener: TcpListener, router: Router, stop: watch::Receiver<bool>) {
    serve_within(ServeLimits::OURS, listener, router, stop).await;
}

pub(super) async fn serve_within(
    limits: ServeLimits,
    listener: TcpListener,
    router: Router,
    mut stop: watch::Receiver<bool>,
) {
    // HTTP/1 alone: to find out which version a connection speaks, the builder waits for its first bytes without a limit.
    let mut http = Builder::new(TokioExecutor::new()).http1_only();
    http.http1().timer(TokioTimer::new()).header_read_timeout(limits.head);
    let connections = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = async {
            // Never closed, so there is always a permit to wait for.
            let permit = Arc::clone(&connections).acquire_owned().await.ok();
            listener.accept().await.map(|(stream, peer)| (stream, peer, permit))
        };
        let accepted = tokio::select! {
            accepted = accepted => accepted,
            _stopped = stop.wait_for(|stop| *stop) => break,
        };
        let Ok((stream, peer, permit)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let service = TowerToHyperService::new(router.clone().layer(Extension(Client(peer.ip()))));
        let stream = TokioIo::new(Stalls::new(stream, limits.stall));
        let connection = graceful.watch(http.serve_connection(stream, service).into_owned());
        tokio::spawn(async move {
            // A caller that breaks off or is too slow is nobody's concern.
            let _ended = connection.await;
            drop(permit);
        });
    }
    // Who comes now is refused rather than left waiting.
    drop(listener);
    let _late = tokio::time::timeout(limits.grace, graceful.shutdown()).await;
}
