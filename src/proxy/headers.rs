//! What goes on to the upstream: the judged request, without what was meant for us.

use http::header::{
    AUTHORIZATION, CONTENT_LENGTH, EXPECT, FORWARDED, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use pingora::Result;
use pingora::http::RequestHeader;

use crate::gateway::Forwarding;
use crate::model::id::Id;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-aegis-request-id");
const DECISION_ID: HeaderName = HeaderName::from_static("x-aegis-decision-id");
const ACTOR: HeaderName = HeaderName::from_static("x-aegis-actor");

/// Rewrites `request` for the upstream. `body_bytes` is the length of the body that will follow.
///
/// `was_chunked`: the caller's framing, which Pingora has stripped by now. A chunked body that turned out empty still needs
/// a length, or the tool would wait for one.
pub(super) fn prepare(
    request: &mut RequestHeader,
    forwarding: &Forwarding,
    body_bytes: usize,
    was_chunked: bool,
) -> Result<()> {
    let route = forwarding.route();
    // One look at every name; most requests hold nothing that must go.
    let goes = |name: &HeaderName| match *name {
        TRANSFER_ENCODING | EXPECT | FORWARDED => true,
        AUTHORIZATION => !route.forward_credentials,
        // Servers that read `_` as `-` would take such a header for the one it looks like: ours, the framing, a credential.
        _ if name.as_str().contains('_') => true,
        _ if !name.as_str().starts_with('x') => false,
        _ => is_ours(name) || (!route.forward_credentials && same_spelling(name, "x-api-key")),
    };
    let gone: Vec<HeaderName> = request.headers.keys().filter(|name| goes(name)).cloned().collect();
    for name in gone {
        request.remove_header(&name);
    }
    if request.raw_path() != forwarding.target().as_bytes() {
        request.set_raw_path(forwarding.target().as_bytes())?;
    }
    // The framing is ours: the length is that of the bytes that were judged.
    if was_chunked || !has_length(request, body_bytes) {
        request.insert_header(CONTENT_LENGTH, body_bytes)?;
    }
    if let Some(host) = &route.upstream.host {
        request.insert_header(HOST, host)?;
    }
    for (name, value) in &route.upstream.headers {
        request.insert_header(name, value)?;
    }
    request.insert_header(REQUEST_ID, id_value(forwarding.request_id()))?;
    if let Some(decision) = forwarding.decision_id() {
        request.insert_header(DECISION_ID, id_value(decision))?;
    }
    request.insert_header(ACTOR, forwarding.actor())?;
    Ok(())
}

/// Whether the framing already says exactly `body_bytes`: one plain Content-Length, or none and no body.
fn has_length(request: &RequestHeader, body_bytes: usize) -> bool {
    let mut lengths = request.headers.get_all(CONTENT_LENGTH).iter();
    match (lengths.next(), lengths.next()) {
        (Some(length), None) => length.to_str().is_ok_and(|length| length.parse() == Ok(body_bytes)),
        (None, _) => body_bytes == 0,
        (Some(_), Some(_)) => false,
    }
}

/// The value of an id's header: copied into an allocation of just its size, where a growing buffer would be copied twice.
fn id_value(id: &Id) -> HeaderValue {
    let mut text = Vec::with_capacity(id.text_bytes());
    id.write(&mut text);
    // An id is letters, digits and an underscore.
    HeaderValue::from_maybe_shared(text).unwrap_or(HeaderValue::from_static(""))
}

/// Names only the gateway may set. Some servers read `_` as `-`, so both spellings go.
fn is_ours(name: &HeaderName) -> bool {
    same_spelling(name, "x-aegis-") || same_spelling(name, "x-forwarded-")
}

/// Whether `name` begins with `prefix`, taking `_` for `-`.
fn same_spelling(name: &HeaderName, prefix: &str) -> bool {
    let name = name.as_str();
    name.len() >= prefix.len()
        && name.bytes().zip(prefix.bytes()).all(|(a, b)| a == b || (a == b'_' && b == b'-'))
}
