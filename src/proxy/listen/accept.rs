//! Accepting callers, and serving the requests of an HTTP/1.1 connection.

use std::sync::Arc;
use std::time::Duration;

use pingora::apps::HttpServerApp;
use pingora::protocols::http::ServerSession;
use pingora::proxy::HttpProxy;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::config::Timeouts;
use crate::gateway::InFlight;
use crate::proxy::listen::connection::Connection;
use crate::proxy::listen::deadline::Deadline;
use crate::proxy::listen::listener::Listener;
use crate::proxy::listen::socket::Socket;
use crate::proxy::listen::{http2, tls};
use crate::proxy::service::Service;

/// How long accepting pauses when the system refuses (out of file descriptors, say).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What all connections of a data plane share.
pub(super) struct Serving {
    pub(super) proxy: Arc<HttpProxy<Service>>,
    pub(super) timeouts: Timeouts,
    pub(super) connections: InFlight,
}

/// A listener and what is spoken on it.
pub(super) struct Speaking {
    pub(super) listener: Listener,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) http2: bool,
}

/// Accepts until `stop` turns true.
pub(super) async fn accept(speaking: Speaking, serving: Arc<Serving>, mut stop: watch::Receiver<bool>) {
    let Speaking { listener, tls, http2 } = speaking;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _stopped = stop.wait_for(|stop| *stop) => return,
        };
        match accepted {
            Ok(Some(socket)) => {
                let (serving, stop, tls) = (Arc::clone(&serving), stop.clone(), tls.clone());
                let guard = serving.connections.enter();
                tokio::spawn(async move {
                    let _guard = guard;
                    greet(socket, tls, http2, serving, stop).await;
                });
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Finds out what a caller speaks, and serves it.
async fn greet(
    mut socket: Socket,
    tls: Option<TlsAcceptor>,
    http2: bool,
    serving: Arc<Serving>,
    mut stop: watch::Receiver<bool>,
) {
    let client = socket.client();
    let mut agreed = None;
    if let Some(tls) = tls {
        let shaken = tokio::time::timeout(serving.timeouts.header, tls.accept(socket)).await;
        let Ok(Ok(stream)) = shaken else { return };
        agreed = Some(stream.get_ref().1.alpn_protocol() == Some(tls::HTTP2));
        socket = Socket::Tls(Box::new(stream));
    }
    let deadline = Arc::new(Deadline::new(serving.timeouts.header, client));
    let mut connection = Connection::new(socket, Arc::clone(&deadline));
    let is_http2 = match agreed {
        Some(is_http2) => is_http2,
        None if http2 => {
            deadline.await_request(serving.timeouts.idle);
            tokio::select! {
                begins = connection.begins_http2() => match begins {
                    Ok(begins) => begins,
                    Err(_gone) => return,
                },
                _stopped = stop.wait_for(|stop| *stop) => return,
            }
        }
        None => false,
    };
    if is_http2 {
        http2::serve(connection, deadline, serving, stop).await;
    } else {
        serve_http1(connection, deadline, serving, stop).await;
    }
}

/// Serves the requests of a connection, one after the other.
async fn serve_http1(
    connection: Connection,
    deadline: Arc<Deadline>,
    serving: Arc<Serving>,
    stop: watch::Receiver<bool>,
) {
    let mut session = ServerSession::new_http1(Box::new(connection));
    loop {
        // The deadline bounds every wait, so Pingora's own timer between requests is switched off.
        session.set_keepalive(Some(0));
        deadline.await_request(serving.timeouts.idle);
        let Some(reused) = serving.proxy.process_new_http(session, &stop).await else { return };
        let (stream, settings) = reused.consume();
        session = ServerSession::new_http1(stream);
        if let Some(settings) = settings {
            settings.apply_to_session(&mut session);
        }
    }
}
