//! Reading a request's body whole, within its limits.

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, EXPECT};
use pingora::proxy::Session;

use crate::extract::ExtractError;
use crate::model::decision::ReasonCode;

/// Reads the whole body, at most `limit` bytes. On return Pingora holds it for replay as well: that makes it call the body
/// filter, which puts in these very bytes.
///
/// # Errors
/// Too large, too slow, broken, or the caller left.
pub(super) async fn read_body(session: &mut Session, limit: usize) -> Result<Bytes, ReasonCode> {
    if session.downstream_session.is_body_empty() {
        return Ok(Bytes::new());
    }
    if let Some(length) = session.req_header().headers.get(CONTENT_LENGTH) {
        let length = length.to_str().ok().and_then(|length| length.trim().parse::<u64>().ok());
        if length.is_none_or(|length| length > limit as u64) {
            return Err(ReasonCode::BodyTooLarge);
        }
    }
    if session.req_header().headers.contains_key(EXPECT) {
        // Pass-through mode would relay the upstream's 100; here nobody asks the upstream before the body is judged.
        session.downstream_session.write_continue_response().await.map_err(|_| ReasonCode::ClientGone)?;
    }
    session.downstream_session.enable_retry_buffering();
    let mut first: Option<Bytes> = None;
    let mut rest = BytesMut::new();
    while let Some(chunk) =
        session.downstream_session.read_request_body().await.map_err(|_| ReasonCode::InvalidRequest)?
    {
        let sofar = first.as_ref().map_or(0, Bytes::len) + rest.len();
        if sofar + chunk.len() > limit {
            return Err(ReasonCode::BodyTooLarge);
        }
        // Small bodies come in one piece and are used as they are.
        match &first {
            None => first = Some(chunk),
            Some(_) => rest.extend_from_slice(&chunk),
        }
    }
    let first = first.unwrap_or_default();
    if rest.is_empty() {
        return Ok(first);
    }
    let mut whole = BytesMut::with_capacity(first.len() + rest.len());
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&rest);
    Ok(whole.freeze())
}

/// What a caller is told whose body did not come whole.
pub(super) fn unread(code: ReasonCode, limit: usize) -> ExtractError {
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
