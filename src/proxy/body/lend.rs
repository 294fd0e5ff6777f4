//! What Pingora's own sessions cannot do: replay a long body, end a stream's wait in time, and hold an answer back.
//!
//! Pingora sends a body that was read before the proxying began only if its replay buffer holds it, and that buffer has a
//! fixed size; and it waits on the streams of an HTTP/2 connection without a limit. It takes sessions of anybody's, though.
//! So the caller's session is lent to one of ours that says it can replay, minds the stream's deadline, filters the answer
//! where it must (Pingora's own hook cannot take a head back that a body turns out not to fit), and does everything else through the session it holds. Before Pingora finishes the request, the session is taken back, so that the
//! connection can serve another one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, Method};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::protocols::http::custom::CustomMessageWrite;
use pingora::protocols::http::custom::server::Session as CustomSession;
use pingora::protocols::http::{HttpTask, ServerSession};
use pingora::protocols::{Digest, l4::socket::SocketAddr};
use pingora::{Error, ErrorType, Result};

use crate::proxy::body::filtering::Filtering;
use crate::proxy::listen::Deadline;
use crate::response::{ResponseError, ResponsePlan};

/// The longest body Pingora replays by itself, in bytes.
pub(in crate::proxy) const REPLAYED_BYTES: usize = 65_536;

type Messages = Box<dyn Stream<Item = Result<Bytes>> + Unpin + Send + Sync + 'static>;

/// What a session is lent for.
#[derive(Debug, Default)]
pub(in crate::proxy) struct Borrower {
    /// Whether Pingora is to frame a body for the upstream.
    pub(in crate::proxy) has_body: bool,
    /// The deadline of an HTTP/2 stream; a connection minds its own.
    pub(in crate::proxy) deadline: Option<Arc<Deadline>>,
    /// What is to be done to the answer.
    pub(in crate::proxy) plan: Option<ResponsePlan>,
}

/// Lends the caller's session so that Pingora calls the body filter, which sends the judged body. It comes home by
/// [`Homecoming::take_back`].
pub(in crate::proxy) fn lend(session: &mut ServerSession, borrower: Borrower) -> Homecoming {
    let home = Homecoming::default();
    let caller = std::mem::replace(session, nobody());
    let to_head = caller.req_header().method == Method::HEAD;
    let lent = Lent {
        caller,
        home: home.clone(),
        has_body: borrower.has_body,
        deadline: borrower.deadline,
        filtering: borrower.plan.map(|plan| Filtering::new(plan, to_head)),
    };
    *session = ServerSession::new_custom(Box::new(lent));
    home
}

/// Where a lent session arrives when it is not needed any more.
#[derive(Clone, Default)]
pub(in crate::proxy) struct Homecoming(Arc<Mutex<Home>>);

#[derive(Default)]
struct Home {
    caller: Option<ServerSession>,
    refused: Option<ResponseError>,
}

impl std::fmt::Debug for Homecoming {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Homecoming")
    }
}

impl Homecoming {
    /// Puts the caller's own session back in the place of the one that borrowed it.
    pub(in crate::proxy) fn take_back(&self, session: &mut ServerSession) {
        drop(std::mem::replace(session, nobody()));
        if let Some(caller) = self.home().caller.take() {
            *session = caller;
        }
    }

    /// Why the answer did not pass, if it did not.
    pub(in crate::proxy) fn refused(&self) -> Option<ResponseError> {
        self.home().refused
    }

    fn home(&self) -> MutexGuard<'_, Home> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What stands in a session's place for a moment; nothing is asked of it.
fn nobody() -> ServerSession {
    ServerSession::new_custom(Box::new(()))
}

struct Lent {
    caller: ServerSession,
    home: Homecoming,
    has_body: bool,
    deadline: Option<Arc<Deadline>>,
    filtering: Option<Filtering>,
}

impl Drop for Lent {
    fn drop(&mut self) {
        let caller = std::mem::replace(&mut self.caller, nobody());
        self.home.home().caller = Some(caller);
    }
}

#[async_trait]
impl CustomSession for Lent {
    fn get_retry_buffer(&self) -> Option<Bytes> {
        // Only that there is one matters: the body filter puts in the bytes that were judged, and lets go of them. Without a
        // body HTTP/2 ends the stream with the head, and nothing may follow.
        self.has_body.then(Bytes::new)
    }

    fn enable_retry_buffering(&mut self) {}

    fn retry_buffer_truncated(&self) -> bool {
        false
    }

    fn req_header(&self) -> &RequestHeader {
        self.caller.req_header()
    }

    fn req_header_mut(&mut self) -> &mut RequestHeader {
        self.caller.req_header_mut()
    }

    async fn read_body_bytes(&mut self) -> Result<Option<Bytes>> {
        self.caller.read_request_body().await
    }

    async fn drain_request_body(&mut self) -> Result<()> {
        self.caller.drain_request_body().await
    }

    async fn write_response_header(&mut self, head: Box<ResponseHeader>, _end: bool) -> Result<()> {
        self.caller.write_response_header(head).await
    }

    async fn write_response_header_ref(&mut self, head: &ResponseHeader, _end: bool) -> Result<()> {
        self.caller.write_response_header_ref(head).await
    }

    async fn write_body(&mut self, data: Bytes, end: bool) -> Result<()> {
        self.caller.write_response_body(data, end).await
    }

    async fn write_trailers(&mut self, trailers: HeaderMap) -> Result<()> {
        self.caller.write_response_trailers(trailers).await
    }

    async fn response_duplex_vec(&mut self, tasks: Vec<HttpTask>) -> Result<bool> {
        let Some(filtering) = &mut self.filtering else {
            return self.caller.response_duplex_vec(tasks).await;
        };
        let passed = filtering.filter(tasks).map_err(|refused| {
            self.home.home().refused = Some(refused);
            Error::explain(ErrorType::InvalidHTTPHeader, "the answer does not pass the filter").into_up()
        })?;
        if passed.is_empty() { Ok(false) } else { self.caller.response_duplex_vec(passed).await }
    }

    fn set_read_timeout(&mut self, timeout: Option<Duration>) {
        self.caller.set_read_timeout(timeout);
    }

    fn get_read_timeout(&self) -> Option<Duration> {
        self.caller.get_read_timeout()
    }

    fn set_write_timeout(&mut self, timeout: Option<Duration>) {
        self.caller.set_write_timeout(timeout);
    }

    fn get_write_timeout(&self) -> Option<Duration> {
        self.caller.get_write_timeout()
    }

    fn set_total_drain_timeout(&mut self, timeout: Option<Duration>) {
        self.caller.set_total_drain_timeout(timeout);
    }

    fn get_total_drain_timeout(&self) -> Option<Duration> {
        self.caller.get_total_drain_timeout()
    }

    fn request_summary(&self) -> String {
        self.caller.request_summary()
    }

    fn response_written(&self) -> Option<&ResponseHeader> {
        self.caller.response_written()
    }

    async fn shutdown(&mut self, _code: u32, _context: &str) {
        self.caller.shutdown().await;
    }

    fn is_body_done(&mut self) -> bool {
        // It was read whole before the session was lent. A stream of HTTP/2 says so only once its trailers are read, too.
        true
    }

    async fn finish(&mut self) -> Result<()> {
        self.caller.finish_body().await
    }

    fn is_body_empty(&mut self) -> bool {
        !self.has_body
    }

    async fn read_body_or_idle(&mut self, no_body_expected: bool) -> Result<Option<Bytes>> {
        let Some(deadline) = &self.deadline else {
            return self.caller.read_body_or_idle(no_body_expected).await;
        };
        tokio::select! {
            read = self.caller.read_body_or_idle(no_body_expected) => read,
            () = deadline.passed() => Err(Error::new_down(ErrorType::ReadTimedout)),
        }
    }

    fn body_bytes_sent(&self) -> usize {
        self.caller.body_bytes_sent()
    }

    fn body_bytes_read(&self) -> usize {
        self.caller.body_bytes_read()
    }

    fn digest(&self) -> Option<&Digest> {
        self.caller.digest()
    }

    fn digest_mut(&mut self) -> Option<&mut Digest> {
        self.caller.digest_mut()
    }

    fn client_addr(&self) -> Option<&SocketAddr> {
        self.caller.client_addr()
    }

    fn server_addr(&self) -> Option<&SocketAddr> {
        self.caller.server_addr()
    }

    fn pseudo_raw_h1_request_header(&self) -> Bytes {
        self.caller.to_h1_raw()
    }

    async fn finish_custom(&mut self) -> Result<()> {
        Ok(())
    }

    fn take_custom_message_reader(&mut self) -> Option<Messages> {
        None
    }

    fn restore_custom_message_reader(&mut self, _reader: Messages) -> Result<()> {
        Ok(())
    }

    fn take_custom_message_writer(&mut self) -> Option<Box<dyn CustomMessageWrite>> {
        None
    }

    fn restore_custom_message_writer(&mut self, _writer: Box<dyn CustomMessageWrite>) -> Result<()> {
        Ok(())
    }

    fn is_upgrade_req(&self) -> bool {
        self.caller.is_upgrade_req()
    }

    fn was_upgraded(&self) -> bool {
        self.caller.was_upgraded()
    }
}
