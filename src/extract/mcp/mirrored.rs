//! Headers of the stateless era that repeat a part of the body, so that whoever stands between can route by them. Here they are
//! held against the body: an intermediary and a server that believed different ones would see two different calls.

use std::borrow::Cow;

use data_encoding::BASE64;

use crate::extract::ExtractError;
use crate::extract::mcp::McpEra;
use crate::extract::mcp::head::{McpHead, SingleHeader};
use crate::extract::mcp::message::{Envelope, mismatch};
use crate::extract::mcp::methods::{self, Method};
use crate::model::json::Json;

/// Checks `Mcp-Method`, `Mcp-Name` and the names of `Mcp-Param-*` of a message of the stateless era.
///
/// Only a request must have them: what headers go with a notification the revision leaves open, and clients send none.
/// The values of `Mcp-Param-*` are the server's to check, who knows which arguments they repeat.
pub(super) fn check(head: &McpHead<'_>, message: &Envelope<'_>) -> Result<(), ExtractError> {
    let (method, params, required) = match message {
        Envelope::Request { method, params, .. } => (method, params, true),
        Envelope::Notification { method, params } => (method, params, false),
        Envelope::Response { .. } => return Ok(()),
    };
    let bad = |what| Err(mismatch(message.id(), what));
    match head.method {
        SingleHeader::Once(value) if value == method.as_bytes() => {}
        SingleHeader::Absent if !required => {}
        SingleHeader::Absent => return bad("Mcp-Method is missing"),
        SingleHeader::Unclear => return bad("Mcp-Method stands twice, or is spelled with an underscore"),
        SingleHeader::Once(_) => return bad("Mcp-Method is not the method of the body"),
    }
    // Of a method that is not served it is not known what its `Mcp-Name` repeats; it is refused for the method.
    if required && methods::of(McpEra::Stateless, method) == Method::Unknown {
        return Ok(());
    }
    let named = methods::name_member(method).and_then(|member| params.member(member)).and_then(Json::as_str);
    match (head.name, named) {
        (SingleHeader::Absent, None) => {}
        (SingleHeader::Once(value), Some(named)) if decode(value).as_deref() == Some(named) => {}
        (SingleHeader::Absent, Some(_)) => return bad("Mcp-Name is missing"),
        (SingleHeader::Unclear, _) => return bad("Mcp-Name stands twice, or is spelled with an underscore"),
        (SingleHeader::Once(_), None) => return bad("Mcp-Name names something that the body does not"),
        (SingleHeader::Once(_), Some(_)) => return bad("Mcp-Name is not what the body names"),
    }
    if head.has_unclear_params() {
        return bad("an Mcp-Param header stands twice, or can be taken for another one");
    }
    Ok(())
}

/// Whether the message is the session era's `initialize` with an `Mcp-Method` that says just that. The official conformance suite
/// sends it: by this message the era is agreed on, so who speaks both may well repeat it. Nothing is believed of it.
pub(super) fn opens_session(head: &McpHead<'_>, message: &Envelope<'_>) -> bool {
    matches!(message, Envelope::Request { method, .. } if method == "initialize")
        && head.method == SingleHeader::Once(b"initialize")
        && head.name == SingleHeader::Absent
}

/// The value that a header repeats: plain text, or text in base64 between `=?base64?` and `?=`. `None` where it is neither:
/// base64 in a form that no encoder writes included, since two decoders may read that differently.
pub(super) fn decode(value: &[u8]) -> Option<Cow<'_, str>> {
    let text = std::str::from_utf8(value).ok()?;
    if !text.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~')) {
        return None;
    }
    match text.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) {
        None => Some(Cow::Borrowed(text)),
        Some(encoded) => String::from_utf8(BASE64.decode(encoded.as_bytes()).ok()?).ok().map(Cow::Owned),
    }
}
