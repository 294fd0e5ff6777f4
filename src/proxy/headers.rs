//! What goes on to the upstream: the judged request, without what was meant for us.

use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, EXPECT, FORWARDED, HOST, HeaderMap, HeaderName,
    HeaderValue, IF_RANGE, RANGE, TRANSFER_ENCODING,
};
use http::request::Parts;
use pingora::http::RequestHeader;
use pingora::{ErrorType, OrErr, Result};

use crate::decision::Route;
use crate::gateway::Forwarding;
use crate::model::id::Id;
use crate::proxy::prefer::take_heeded;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-aegis-request-id");
const DECISION_ID: HeaderName = HeaderName::from_static("x-aegis-decision-id");
const ACTOR: HeaderName = HeaderName::from_static("x-aegis-actor");
/// Which preferences of the caller were heeded (RFC 7240).
pub(super) const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
/// How MCP names a session.
pub(super) const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
/// How many headers are added at most, besides those of the route.
const OUR_HEADERS: usize = 6;

/// Forgets in which letter case the caller wrote its header names. They mean the same in any; Pingora would carry a second map
/// through every copy and change of a head to repeat the caller's spelling.
pub(super) fn forget_case(request: &mut RequestHeader) {
    edit(request, |_| ());
}

/// Gives a request of HTTP/2 the Host that its `:authority` stands for. Pingora has refused those in which the two differ.
pub(super) fn name_host(request: &mut RequestHeader) {
    edit(request, |head| {
        if let Some(authority) = head.uri.authority()
            && !head.headers.contains_key(HOST)
            && let Ok(host) = HeaderValue::from_str(authority.as_str())
        {
            head.headers.insert(HOST, host);
        }
    });
}

/// Rewrites `request` for the upstream. `body_bytes` is the length of the body that will follow.
///
/// It is Pingora's copy of the caller's head, with the hop-by-hop headers gone: what is put in here cannot be named by the
/// caller's `Connection`. `was_chunked`: the caller's framing, which is gone as well by now. A chunked body that turned out
/// empty still needs a length, or the tool would wait for one.
pub(super) fn prepare(
    request: &mut RequestHeader,
    forwarding: &Forwarding,
    body_bytes: usize,
    was_chunked: bool,
) -> Result<()> {
    let actor = HeaderValue::from_str(forwarding.actor())
        .or_err(ErrorType::InvalidHTTPHeader, "an actor's id that no header can carry")?;
    edit(request, |head| {
        take_out(&mut head.headers, forwarding.route());
        if forwarding.reads_answer() {
            // Asked for a part, or for a coding, the tool could give what cannot be read.
            for name in [ACCEPT_ENCODING, RANGE, IF_RANGE] {
                head.headers.remove(name);
            }
        }
        if forwarding.was_held() {
            take_heeded(&mut head.headers);
        }
        put_in(&mut head.headers, forwarding, body_bytes, was_chunked);
        head.headers.insert(ACTOR, actor);
    });
    if request.raw_path() != forwarding.target().as_bytes() {
        request.set_raw_path(forwarding.target().as_bytes())?;
    }
    Ok(())
}

/// Changes a head through its plain parts: Pingora's own setters parse every name anew and keep its letter case.
fn edit(request: &mut RequestHeader, change: impl FnOnce(&mut Parts)) {
    let (placeholder, ()) = http::Request::new(()).into_parts();
    let mut parts = Parts::from(std::mem::replace(request, RequestHeader::from(placeholder)));
    change(&mut parts);
    *request = parts.into();
}

/// What was meant for us, or could be taken for ours.
fn take_out(headers: &mut HeaderMap, route: &Route) {
    // One look at every name; most requests hold nothing that must go.
    let goes = |name: &HeaderName| match *name {
        TRANSFER_ENCODING | EXPECT | FORWARDED => true,
        // A caller's session goes on only as it was opened: a server's own id must not get there by another route.
        _ if *name == SESSION => true,
        AUTHORIZATION => !route.forward_credentials,
        // Servers that read `_` as `-` would take such a header for the one it looks like: ours, the framing, a credential.
        // What `Mcp-Param-` repeats an argument under is the tool's own choice of a name.
        _ if name.as_str().contains('_') => !(route.is_mcp() && name.as_str().starts_with("mcp-param-")),
        _ if !name.as_str().starts_with('x') => false,
        _ => is_ours(name) || (!route.forward_credentials && same_spelling(name, "x-api-key")),
    };
    let gone: Vec<HeaderName> = headers.keys().filter(|name| goes(name)).cloned().collect();
    for name in gone {
        headers.remove(name);
    }
}

fn put_in(headers: &mut HeaderMap, forwarding: &Forwarding, body_bytes: usize, was_chunked: bool) {
    let route = forwarding.route();
    headers.reserve(OUR_HEADERS + route.upstream.headers.len());
    // The framing is ours: the length is that of the bytes that were judged.
    if was_chunked || !has_length(headers, body_bytes) {
        headers.insert(CONTENT_LENGTH, body_bytes.into());
    }
    if let Some(host) = &route.upstream.host {
        headers.insert(HOST, host.clone());
    }
    for (name, value) in &route.upstream.headers {
        headers.insert(name.clone(), value.clone());
    }
    if let Some(session) = forwarding.session() {
        headers.insert(SESSION, session.clone());
    }
    headers.insert(REQUEST_ID, id_value(forwarding.request_id()));
    if let Some(decision) = forwarding.decision_id() {
        headers.insert(DECISION_ID, id_value(decision));
    }
}

/// Whether the framing already says exactly `body_bytes`: one plain Content-Length, or none and no body.
fn has_length(headers: &HeaderMap, body_bytes: usize) -> bool {
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
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
