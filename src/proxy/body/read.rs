//! Reading a request's body whole, within its limits.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, EXPECT};
use pingora::proxy::Session;

use crate::extract::ExtractError;
use crate::model::decision::ReasonCode;
use crate::proxy::body::REPLAYED_BYTES;
use crate::proxy::context::RequestContext;

/// How long, and for how many bytes, a caller that was answered before its body was read may go on sending. A connection that
/// is closed with bytes unread takes the answer with it.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 64 * 1024 * 1024;

/// Reads the whole body, at most `limit` bytes. A body that Pingora can replay it holds as well on return: that makes it call
/// the body filter, which puts in these very bytes. A longer one has to be lent (`lend`).
///
/// # Errors
/// Too large, too slow, broken, or the caller left.
pub(in crate::proxy) async fn read_body(
    session: &mut Session,
    ctx: &RequestContext,
    limit: usize,
) -> Result<Bytes, ReasonCode> {
    // A stream of HTTP/2 ends where it ends, whatever its Content-Length says.
    if session.downstream_session.is_body_empty() && !session.is_http2() {
        return Ok(Bytes::new());
    }
    let announced = announced_bytes(session)?;
    if announced.is_some_and(|length| length > limit) {
        return Err(ReasonCode::BodyTooLarge);
    }
    if session.req_header().headers.contains_key(EXPECT) {
        // Pass-through mode would relay the upstream's 100; here nobody asks the upstream before the body is judged.
        session.downstream_session.write_continue_response().await.map_err(|_| ReasonCode::ClientGone)?;
    }
    if announced.is_none_or(|length| length <= REPLAYED_BYTES) {
        session.downstream_session.enable_retry_buffering();
    }
    let mut body = Gathered::default();
    while let Some(chunk) = next_chunk(session, ctx).await? {
        if body.bytes() + chunk.len() > limit {
            return Err(ReasonCode::BodyTooLarge);
        }
        body.add(chunk, announced);
    }
    Ok(body.whole())
}

/// Takes what else the caller sends of a body that was refused, and forgets it.
pub(in crate::proxy) async fn linger(session: &mut Session, ctx: &RequestContext) {
    // Whoever waits to be told to go on sends nothing more.
    if ctx.timed_out() || session.req_header().headers.contains_key(EXPECT) {
        return;
    }
    ctx.within(LINGER);
    let mut bytes = 0;
    while bytes < LINGER_BYTES && !session.downstream_session.is_body_done() {
        match next_chunk(session, ctx).await {
            Ok(Some(chunk)) => bytes += chunk.len(),
            Ok(None) | Err(_) => return,
        }
    }
}

/// The next bytes of a body, within the deadline.
async fn next_chunk(session: &mut Session, ctx: &RequestContext) -> Result<Option<Bytes>, ReasonCode> {
    let reading = session.downstream_session.read_request_body();
    let read = match ctx.stream_deadline() {
        None => reading.await,
        Some(deadline) => tokio::select! {
            read = reading => read,
            () = deadline.passed() => return Err(ReasonCode::BodyTimeout),
        },
    };
    read.map_err(|_| ReasonCode::InvalidRequest)
}

/// The Content-Length. One that is no number is more than any limit.
fn announced_bytes(session: &Session) -> Result<Option<usize>, ReasonCode> {
    let Some(length) = session.req_header().headers.get(CONTENT_LENGTH) else { return Ok(None) };
    let length = length.to_str().ok().and_then(|length| length.trim().parse().ok());
    length.map(Some).ok_or(ReasonCode::BodyTooLarge)
}

/// A body as it comes in. A small one comes in one piece and is used as it is.
#[derive(Default)]
struct Gathered {
    first: Bytes,
    more: BytesMut,
}

impl Gathered {
    fn bytes(&self) -> usize {
        if self.more.is_empty() { self.first.len() } else { self.more.len() }
    }

    fn add(&mut self, chunk: Bytes, announced: Option<usize>) {
        if self.bytes() == 0 {
            self.first = chunk;
            return;
        }
        if self.more.is_empty() {
            let sofar = self.first.len() + chunk.len();
            self.more.reserve(announced.map_or(sofar, |announced| announced.max(sofar)));
            self.more.extend_from_slice(&self.first);
        }
        self.more.extend_from_slice(&chunk);
    }

    fn whole(self) -> Bytes {
        if self.more.is_empty() { self.first } else { self.more.freeze() }
    }
}

/// What a caller is told whose body did not come whole.
pub(in crate::proxy) fn unread(code: ReasonCode, limit: usize) -> ExtractError {
    match code {
        ReasonCode::BodyTooLarge => ExtractError::new(
            413,
            code,
            format!("The body is longer than {limit} bytes, the limit of this gateway."),
        ),
        ReasonCode::BodyTimeout => ExtractError::new(408, code, "The body did not arrive in time."),
        _ => ExtractError::new(400, code, "The request was refused: its body is malformed or incomplete."),
    }
}
