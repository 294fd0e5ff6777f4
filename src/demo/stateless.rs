//! The demo's MCP endpoint without sessions: 2026-07-28.
//!
//! May import `model`. Start reading at [`dispatch`]. The headers that repeat the body are checked, as every server of this
//! version must: with a gateway in front that checks them too, a demo shows that it changed none of them.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use data_encoding::BASE64;
use serde_json::{Map, Value, json};

use crate::demo::DemoTools;
use crate::demo::mcp::{
    HEADER_MISMATCH, INSTRUCTIONS, INVALID_PARAMS, METHOD_NOT_FOUND, Request, RpcError, answered, call_tool,
    server_info,
};
use crate::demo::tools::Tool;

/// The version spoken here.
pub(super) const VERSION: &str = "2026-07-28";

const METHOD_HEADER: &str = "mcp-method";
const NAME_HEADER: &str = "mcp-name";
const CLAIM: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// How long clients may keep what does not change while the demo runs.
const TTL_MS: u64 = 60_000;

/// Answers a request whose `MCP-Protocol-Version` is [`VERSION`].
pub(super) fn dispatch(
    tools: &DemoTools,
    headers: &HeaderMap,
    request: &Request,
) -> Result<Response, RpcError> {
    check(headers, request)?;
    match request.method.as_str() {
        "server/discover" => Ok(answered(
            &request.id,
            &kept(json!({
                "supportedVersions": [VERSION],
                "capabilities": {"tools": {"listChanged": false}},
                "instructions": INSTRUCTIONS,
            })),
        )),
        "tools/list" => Ok(answered(&request.id, &kept(json!({"tools": Tool::ALL.map(Tool::definition)})))),
        "tools/call" => call_tool(tools, headers, request, complete(Map::new())),
        _ => Err(RpcError::new(METHOD_NOT_FOUND, "this server has no such method")
            .with_status(StatusCode::NOT_FOUND)),
    }
}

/// A whole result, with what every result of this version says besides its own.
fn complete(mut result: Map<String, Value>) -> Map<String, Value> {
    result.insert("resultType".to_owned(), "complete".into());
    result.insert("_meta".to_owned(), json!({"io.modelcontextprotocol/serverInfo": server_info()}));
    result
}

/// A whole result that clients may keep for a while.
fn kept(result: Value) -> Value {
    let mut result = match result {
        Value::Object(members) => complete(members),
        other => return other,
    };
    result.insert("ttlMs".to_owned(), TTL_MS.into());
    result.insert("cacheScope".to_owned(), "public".into());
    Value::Object(result)
}

/// The version in the body, and the headers that repeat the body.
fn check(headers: &HeaderMap, request: &Request) -> Result<(), RpcError> {
    let refused = |code, message| Err(RpcError::new(code, message).with_status(StatusCode::BAD_REQUEST));
    let meta = |key| request.params.get("_meta").and_then(|meta| meta.get(key));
    match (meta(CLAIM).and_then(Value::as_str), meta(CAPABILITIES)) {
        (None, _) | (_, None) => {
            return refused(
                INVALID_PARAMS,
                "params._meta must name the protocol version and client capabilities",
            );
        }
        (Some(VERSION), Some(_)) => {}
        (Some(_), Some(_)) => {
            return refused(HEADER_MISMATCH, "MCP-Protocol-Version and params._meta differ");
        }
    }
    if header(headers, METHOD_HEADER).as_deref() != Some(&request.method) {
        return refused(HEADER_MISMATCH, "Mcp-Method is not the method of the body");
    }
    let named = request.params.get("name").and_then(Value::as_str);
    if request.method == "tools/call" && header(headers, NAME_HEADER).as_deref() != named {
        return refused(HEADER_MISMATCH, "Mcp-Name is not the name in the body");
    }
    Ok(())
}

/// The text of a header that is there once, out of base64 where it is written in it.
fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut values = headers.get_all(name).iter();
    let (value, None) = (values.next()?.to_str().ok()?, values.next()) else { return None };
    match value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) {
        Some(encoded) => String::from_utf8(BASE64.decode(encoded.as_bytes()).ok()?).ok(),
        None => Some(value.to_owned()),
    }
}
