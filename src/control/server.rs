//! Serving a router until the gateway stops, within limits: what nobody needs a key for must not starve the data plane of file
//! descriptors.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

/// Connections a listener serves at once; more wait to be accepted.
const CONNECTIONS: usize = 256;

/// Longest time for a request's head, and between two requests.
const HEAD: Duration = Duration::from_secs(10);

/// Longest time for requests under way when the gateway stops.
const GRACE: Duration = Duration::from_secs(5);

/// How long accepting pauses when the system refuses.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves `router` on `listener` until `stop` turns true; requests under way are finished.
pub async fn serve(listener: TcpListener, router: Router, mut stop: watch::Receiver<bool>) {
    let mut http = Builder::new(TokioExecutor::new());
    http.http1().timer(TokioTimer::new()).header_read_timeout(HEAD);
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = async {
            // Never closed, so there is always a permit to wait for.
            let permit = Arc::clone(&connections).acquire_owned().await.ok();
            listener.accept().await.map(|(stream, _peer)| (stream, permit))
        };
        let accepted = tokio::select! {
            accepted = accepted => accepted,
            _stopped = stop.wait_for(|stop| *stop) => break,
        };
        let Ok((stream, permit)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service).into_owned());
        tokio::spawn(async move {
            // A caller that breaks off or is too slow is nobody's concern.
            let _ended = connection.await;
            drop(permit);
        });
    }
    let _late = tokio::time::timeout(GRACE, graceful.shutdown()).await;
}
