//! Serving a router until the gateway stops, within limits: what nobody needs a key for must not starve the data plane of file
//! descriptors, nor the people who come to decide of connections.

use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::control::auth::Client;
use crate::control::server::places::Places;
use crate::control::server::service::Guarded;
use crate::control::server::stalls::Stalls;

/// How long accepting pauses when the system refuses.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What a listener's connections may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct ServeLimits {
    /// Connections served at once. One more takes the place of the one that keeps us waiting longest; where we are working for all of
    /// them, it waits, and others wait to be accepted.
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
    let places = Places::new(limits.connections);
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = async {
            let (stream, peer) = listener.accept().await?;
            Ok::<_, std::io::Error>((stream, peer, places.take().await))
        };
        let accepted = tokio::select! {
            accepted = accepted => accepted,
            _stopped = stop.wait_for(|stop| *stop) => break,
        };
        let Ok((stream, peer, seat)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let router = router.clone().layer(Extension(Client(peer.ip())));
        let service = Guarded::new(router, Arc::clone(seat.place()));
        let stream = TokioIo::new(Stalls::new(stream, limits.stall, Arc::clone(seat.place())));
        let connection = graceful.watch(http.serve_connection(stream, service).into_owned());
        tokio::spawn(async move {
            // A caller that breaks off or is too slow is nobody's concern. The connection goes before its seat.
            tokio::select! {
                _ended = connection => {}
                () = seat.place().sent_away() => {}
            }
        });
    }
    // Who comes now is refused rather than left waiting.
    drop(listener);
    let _late = tokio::time::timeout(limits.grace, graceful.shutdown()).await;
}
