//! What goes on to the upstream: the judged request, without what was meant for us.

use http::header::{AUTHORIZATION, CONTENT_LENGTH, EXPECT, FORWARDED, HOST, HeaderName, TRANSFER_ENCODING};
use pingora::Result;
use pingora::http::RequestHeader;

use crate::gateway::Forwarding;

/// Rewrites `request` for the upstream. `body_bytes` is the length of the body that will follow.
pub(super) fn prepare(request: &mut RequestHeader, forwarding: &Forwarding, body_bytes: usize) -> Result<()> {
    let route = forwarding.route();
    let dropped: Vec<HeaderName> = request
        .headers
        .keys()
        .filter(|name| is_ours(name) || (!route.forward_credentials && is_credential(name)))
        .cloned()
        .collect();
    for name in dropped {
        request.remove_header(&name);
    }
    request.set_raw_path(forwarding.target().as_bytes())?;
    // The framing is ours: the length is that of the bytes that were judged.
    request.remove_header(&TRANSFER_ENCODING);
    request.remove_header(&EXPECT);
    let had_length = request.remove_header(&CONTENT_LENGTH).is_some();
    if body_bytes > 0 || had_length {
        request.insert_header(CONTENT_LENGTH, body_bytes)?;
    }
    if let Some(host) = &route.upstream.host {
        request.insert_header(HOST, host)?;
    }
    for (name, value) in &route.upstream.headers {
        request.insert_header(name, value)?;
    }
    request.insert_header("X-Aegis-Request-Id", forwarding.request_id().to_string())?;
    if let Some(decision) = forwarding.decision_id() {
        request.insert_header("X-Aegis-Decision-Id", decision.to_string())?;
    }
    request.insert_header("X-Aegis-Actor", forwarding.actor())?;
    Ok(())
}

/// The headers a caller is identified by.
fn is_credential(name: &HeaderName) -> bool {
    *name == AUTHORIZATION || same_spelling(name, "x-api-key")
}

/// Names only the gateway may set. Some servers read `_` as `-`, so both spellings go.
fn is_ours(name: &HeaderName) -> bool {
    *name == FORWARDED || same_spelling(name, "x-aegis-") || same_spelling(name, "x-forwarded-")
}

/// Whether `name` begins with `prefix`, taking `_` for `-`.
fn same_spelling(name: &HeaderName, prefix: &str) -> bool {
    let name = name.as_str();
    name.len() >= prefix.len() && name.bytes().zip(prefix.bytes()).all(|(a, b)| a == b || (a == b'_' && b == b'-'))
}
