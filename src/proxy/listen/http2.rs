//! Serving the streams of an HTTP/2 connection.
//!
//! Pingora's own loop is private and gives every stream the connection's digest. Ours gives each stream a deadline of its own:
//! that of the connection bounds the handshake, and the time in which no stream is open.

use std::sync::Arc;
use std::time::Duration;

use pingora::apps::HttpServerApp;
use pingora::protocols::Digest;
use pingora::protocols::http::ServerSession;
use pingora::protocols::http::v2::server::{H2Accept, H2Options, HttpSession, default_h2_options, handshake};
use tokio::sync::watch;

use crate::gateway::InFlight;
use crate::proxy::listen::accept::Serving;
use crate::proxy::listen::connection::Connection;
use crate::proxy::listen::deadline::Deadline;

/// Malformed requests after which a connection is closed: each costs us more than its sender.
const MAX_MALFORMED: usize = 32;

/// What of a request body may be on its way unread, in bytes: of one stream, and of a whole connection.
const STREAM_WINDOW_BYTES: u32 = 256 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;

/// How long an idle connection may take to close when the gateway stops.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Serves every stream of `connection` until the caller leaves it, it is idle too long, or the gateway stops.
pub(super) async fn serve(
    connection: Connection,
    deadline: Arc<Deadline>,
    serving: Arc<Serving>,
    mut stop: watch::Receiver<bool>,
) {
    deadline.within(serving.timeouts.header);
    let Ok(mut accepting) = handshake(Box::new(connection), Some(options())).await else { return };
    let streams = InFlight::default();
    let (mut malformed, mut busy, mut stopping) = (0, false, false);
    deadline.within(serving.timeouts.idle);
    loop {
        let own = Arc::new(Deadline::new(serving.timeouts.header, deadline.client()));
        let digest = Digest { proxy_digest: Some(own.digest()), ..Digest::default() };
        let accepted = tokio::select! {
            _stopped = stop.wait_for(|stop| *stop), if !stopping => {
                stopping = true;
                accepting.graceful_shutdown();
                if !busy {
                    deadline.within(LAST_WORDS);
                }
                continue;
            }
            () = streams.idle(), if busy => {
                busy = false;
                deadline.within(if stopping { LAST_WORDS } else { serving.timeouts.idle });
                continue;
            }
            // This also moves the bytes of every stream.
            accepted = HttpSession::from_h2_conn(&mut accepting, Arc::new(digest)) => accepted,
        };
        match accepted {
            Ok(Some(H2Accept::Session(stream))) => {
                busy = true;
                deadline.clear();
                let (serving, stop) = (Arc::clone(&serving), stop.clone());
                let guards = (streams.enter(), serving.connections.enter());
                tokio::spawn(async move {
                    let _guards = guards;
                    let session = ServerSession::new_http2(stream);
                    serving.proxy.process_new_http(session, &stop).await;
                });
            }
            Ok(Some(H2Accept::Rejected)) => {
                malformed += 1;
                if malformed >= MAX_MALFORMED {
                    return;
                }
            }
            Ok(None) | Err(_) => return,
        }
    }
}

fn options() -> H2Options {
    let mut options = default_h2_options();
    options.initial_window_size(STREAM_WINDOW_BYTES);
    options.initial_connection_window_size(CONNECTION_WINDOW_BYTES);
    options
}
