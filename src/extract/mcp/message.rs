//! The JSON-RPC envelope of an MCP message: one message, version 2.0, an id where one is due.

use crate::extract::{ExtractError, RpcError};
use crate::model::decision::ReasonCode;
use crate::model::json::{Json, JsonError, Reader, write_json};

/// JSON-RPC error codes an MCP route answers with.
pub mod rpc_code {
    /// The body is not JSON.
    pub const PARSE_ERROR: i32 = -32700;
    /// The body is JSON but no valid message.
    pub const INVALID_REQUEST: i32 = -32600;
    /// No such method here.
    pub const METHOD_NOT_FOUND: i32 = -32601;
    /// The parameters do not fit the method.
    pub const INVALID_PARAMS: i32 = -32602;
    /// Headers and body disagree (MCP 2026-07-28).
    pub const HEADER_MISMATCH: i32 = -32020;
    /// The protocol version is not spoken here (MCP 2026-07-28).
    pub const UNSUPPORTED_VERSION: i32 = -32022;
    /// A policy refused the call. Ours, and outside the reserved range -32768..-32000 as the specification asks.
    pub const DENIED: i32 = 4030;
    /// The gateway cannot serve the call now. Ours.
    pub const UNAVAILABLE: i32 = 5030;
    /// The upstream failed. Ours.
    pub const UPSTREAM: i32 = 5020;
}

/// One JSON-RPC message.
#[derive(Debug)]
pub(super) enum Envelope<'a> {
    Request { id: Json<'a>, method: String, params: Json<'a> },
    Notification { method: String, params: Json<'a> },
    Response { id: Json<'a> },
}

impl<'a> Envelope<'a> {
    /// The id to answer under; `null` where there is none.
    pub(super) const fn id(&self) -> &Json<'a> {
        match self {
            Self::Request { id, .. } | Self::Response { id } => id,
            Self::Notification { .. } => &Json::Null,
        }
    }
}

/// Reads the body of an MCP POST.
pub(super) fn envelope<'a>(reader: &Reader, body: &'a [u8]) -> Result<Envelope<'a>, ExtractError> {
    let mut message = reader.parse(body).map_err(|error| parse_error(&error))?;
    if !matches!(message, Json::Object(_)) {
        let what = if matches!(message, Json::Array(_)) { "batches are not served" } else { "not an object" };
        return Err(invalid(&Json::Null, format!("The message is no JSON-RPC request: {what}.")));
    }
    let id = message.take_member("id");
    let id_or_null = id.clone().unwrap_or_default();
    let bad = |what: &str| Err(invalid(&id_or_null, format!("The message is no JSON-RPC request: {what}.")));
    if message.member("jsonrpc").and_then(Json::as_str) != Some("2.0") {
        return bad("jsonrpc must be \"2.0\"");
    }
    let id = match id {
        None => None,
        Some(id @ (Json::String(_) | Json::Number(_))) => Some(id),
        Some(_) => return bad("id must be a string or a number"),
    };
    let answers = message.member("result").is_some() || message.member("error").is_some();
    let method = match (message.member("method"), answers) {
        (Some(_), true) => return bad("a message with a method cannot carry a result"),
        (Some(Json::String(method)), false) => Some(method.as_str().to_owned()),
        (Some(_), false) => return bad("method must be a string"),
        (None, _) => None,
    };
    let params = match message.take_member("params") {
        None => Json::Object(Vec::new()),
        Some(params @ Json::Object(_)) => params,
        Some(_) => return bad("params must be an object"),
    };
    match (method, id, answers) {
        (Some(method), Some(id), _) => Ok(Envelope::Request { id, method, params }),
        (Some(method), None, _) => Ok(Envelope::Notification { method, params }),
        (None, Some(id), true) => Ok(Envelope::Response { id }),
        (None, ..) => bad("it has no method"),
    }
}

fn parse_error(error: &JsonError) -> ExtractError {
    ExtractError {
        status: 400,
        code: ReasonCode::InvalidJson,
        message: format!("The body was refused as JSON: {error}."),
        rpc: Some(RpcError { code: rpc_code::PARSE_ERROR, id: "null".to_owned(), data: None }),
    }
}

/// A message that breaks JSON-RPC.
pub(super) fn invalid(id: &Json<'_>, message: impl Into<String>) -> ExtractError {
    rpc(400, ReasonCode::InvalidMessage, rpc_code::INVALID_REQUEST, id, message)
}

/// Headers and body that do not say the same, or headers that cannot be read in exactly one way.
pub(super) fn mismatch(id: &Json<'_>, what: &str) -> ExtractError {
    let message = format!("The request was refused: {what}.");
    rpc(400, ReasonCode::InvalidMessage, rpc_code::HEADER_MISMATCH, id, message)
}

/// A refusal with a JSON-RPC form.
pub(super) fn rpc(
    status: u16,
    code: ReasonCode,
    rpc_code: i32,
    id: &Json<'_>,
    message: impl Into<String>,
) -> ExtractError {
    let mut text = Vec::new();
    write_json(id, &|_| false, &mut text);
    let id = String::from_utf8(text).unwrap_or_else(|_| "null".to_owned());
    ExtractError {
        status,
        code,
        message: message.into(),
        rpc: Some(RpcError { code: rpc_code, id, data: None }),
    }
}
