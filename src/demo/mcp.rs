//! The demo's MCP endpoint: streamable HTTP as sessions know it, 2025-03-26 to 2025-11-25; `stateless.rs` has 2026-07-28.
//!
//! May import `model`. Start reading at [`answer`]; what the tools do is in `tools.rs`. A call without `Mcp-Session-Id` is
//! answered too, so that one curl line is a whole example; a session id that is given must be an open one.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Map, Value, json};

use crate::demo::DemoTools;
use crate::demo::error::DemoError;
use crate::demo::stateless;
use crate::demo::tools::{self, Tool, ToolAnswer};

/// Versions answered as asked for, newest first. A client that asks for another one is offered the newest.
const VERSIONS: [&str; 3] = ["2025-11-25", "2025-06-18", "2025-03-26"];
const SESSION_HEADER: &str = "mcp-session-id";
const VERSION_HEADER: &str = "mcp-protocol-version";

const PARSE_ERROR: i64 = -32700;
const INVALID_REQUEST: i64 = -32600;
pub(super) const METHOD_NOT_FOUND: i64 = -32601;
pub(super) const INVALID_PARAMS: i64 = -32602;
pub(super) const HEADER_MISMATCH: i64 = -32020;
const UNSUPPORTED_VERSION: i64 = -32022;

/// What the server says of itself to clients.
pub(super) const INSTRUCTIONS: &str =
    "Documents of a small team: search them, read them, delete them; or send an email.";

/// A JSON-RPC error with the HTTP status it travels under.
#[derive(Debug)]
pub(super) struct RpcError {
    status: StatusCode,
    code: i64,
    message: String,
    data: Option<Value>,
}

/// A JSON-RPC request: the one kind of message that is answered with a body.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) id: Value,
    pub(super) method: String,
    pub(super) params: Map<String, Value>,
}

/// `POST /mcp`
pub(super) async fn answer(State(tools): State<DemoTools>, headers: HeaderMap, body: Bytes) -> Response {
    let version = match version(&headers) {
        Ok(version) => version,
        Err(error) => return error.into_response(&Value::Null),
    };
    let request = match parse(&body) {
        Ok(Some(request)) => request,
        // Notifications and responses are taken note of, which here is nothing to do.
        Ok(None) => return StatusCode::ACCEPTED.into_response(),
        Err(error) => return error.into_response(&Value::Null),
    };
    let answered = match version {
        Some(stateless::VERSION) => stateless::dispatch(&tools, &headers, &request),
        _ => dispatch(&tools, &headers, &request),
    };
    match answered {
        Ok(response) => response,
        Err(error) => error.into_response(&request.id),
    }
}

fn dispatch(tools: &DemoTools, headers: &HeaderMap, request: &Request) -> Result<Response, RpcError> {
    if request.method == "initialize" {
        return initialize(tools, request);
    }
    check_session(tools, headers)?;
    match request.method.as_str() {
        "ping" => Ok(answered(&request.id, &json!({}))),
        "tools/list" => Ok(answered(&request.id, &json!({"tools": Tool::ALL.map(Tool::definition)}))),
        "tools/call" => call_tool(tools, headers, request, Map::new()),
        _ => Err(RpcError::new(METHOD_NOT_FOUND, "this server has no such method")),
    }
}

fn initialize(tools: &DemoTools, request: &Request) -> Result<Response, RpcError> {
    let Some(asked) = request.params.get("protocolVersion").and_then(Value::as_str) else {
        return Err(RpcError::new(INVALID_PARAMS, "protocolVersion must be a string"));
    };
    let [newest, ..] = VERSIONS;
    let version = VERSIONS.into_iter().find(|known| *known == asked).unwrap_or(newest);
    let answer = json!({
        "protocolVersion": version,
        "capabilities": {"tools": {"listChanged": false}},
        "serverInfo": server_info(),
        "instructions": INSTRUCTIONS,
    });
    let session = tools.with(|data| data.open_session());
    Ok(([(SESSION_HEADER, session)], answered(&request.id, &answer)).into_response())
}

/// What the server is called.
pub(super) fn server_info() -> Value {
    json!({"name": "aegis-demo-tools", "version": env!("CARGO_PKG_VERSION")})
}

/// Calls a tool. `result` is what the result holds besides the tool's answer.
pub(super) fn call_tool(
    tools: &DemoTools,
    headers: &HeaderMap,
    request: &Request,
    mut result: Map<String, Value>,
) -> Result<Response, RpcError> {
    let Some(name) = request.params.get("name").and_then(Value::as_str) else {
        return Err(RpcError::new(INVALID_PARAMS, "name must be a string"));
    };
    let none = Map::new();
    let arguments = match request.params.get("arguments") {
        None => &none,
        Some(Value::Object(arguments)) => arguments,
        Some(_) => return Err(RpcError::new(INVALID_PARAMS, "arguments must be an object")),
    };
    let ToolAnswer { text, is_error } = tools::call(tools, name, arguments)?;
    result.insert("content".to_owned(), json!([{"type": "text", "text": text}]));
    result.insert("isError".to_owned(), is_error.into());
    let answer = Value::Object(result);
    match progress_token(headers, request) {
        None => Ok(answered(&request.id, &answer)),
        Some(token) => Ok(event_stream(&request.id, token, &answer)),
    }
}

/// The progress token, if the caller gave one that is a string or an integer and can read an event stream.
fn progress_token<'a>(headers: &HeaderMap, request: &'a Request) -> Option<&'a Value> {
    let accept = headers.get(ACCEPT)?.to_str().ok()?;
    let token = request.params.get("_meta")?.get("progressToken")?;
    let usable = accept.contains("text/event-stream") && (token.is_string() || token.is_i64());
    usable.then_some(token)
}

/// One notification of progress, then the result. The tools are instant, so the whole stream is known up front.
fn event_stream(id: &Value, token: &Value, answer: &Value) -> Response {
    let params = json!({"progressToken": token, "progress": 1, "total": 1, "message": "done"});
    let progress = json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": params});
    let response = json!({"jsonrpc": "2.0", "id": id, "result": answer});
    let body = format!("event: message\ndata: {progress}\n\nevent: message\ndata: {response}\n\n");
    ([(CONTENT_TYPE, "text/event-stream")], body).into_response()
}

/// A result on its way to the client.
pub(super) fn answered(id: &Value, answer: &Value) -> Response {
    Json(json!({"jsonrpc": "2.0", "id": id, "result": answer})).into_response()
}

/// The request in `body`, or `None` for a notification or a response.
fn parse(body: &[u8]) -> Result<Option<Request>, RpcError> {
    let message: Value = serde_json::from_slice(body).map_err(|_syntax| {
        RpcError::new(PARSE_ERROR, "the body is not JSON").with_status(StatusCode::BAD_REQUEST)
    })?;
    let invalid = |message| RpcError::new(INVALID_REQUEST, message).with_status(StatusCode::BAD_REQUEST);
    let Value::Object(mut fields) = message else {
        return Err(invalid("the body must be one JSON-RPC message; batches are not taken"));
    };
    if fields.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err(invalid("jsonrpc must be \"2.0\""));
    }
    let method = match fields.remove("method") {
        Some(Value::String(method)) => method,
        None if fields.contains_key("result") || fields.contains_key("error") => return Ok(None),
        _ => return Err(invalid("method must be a string")),
    };
    let params = match fields.remove("params") {
        None => Map::new(),
        Some(Value::Object(params)) => params,
        Some(_) => return Err(invalid("params must be an object")),
    };
    match fields.remove("id") {
        None => Ok(None),
        Some(id) if id.is_string() || id.is_i64() => Ok(Some(Request { id, method, params })),
        Some(_) => Err(invalid("id must be a string or an integer")),
    }
}

/// The version asked for, if one was.
fn version(headers: &HeaderMap) -> Result<Option<&'static str>, RpcError> {
    let Some(asked) = headers.get(VERSION_HEADER) else {
        return Ok(None);
    };
    let asked = String::from_utf8_lossy(asked.as_bytes());
    let spoken = || std::iter::once(stateless::VERSION).chain(VERSIONS);
    if let Some(version) = spoken().find(|version| *version == asked) {
        return Ok(Some(version));
    }
    let data = json!({"supported": spoken().collect::<Vec<_>>(), "requested": asked});
    let error = RpcError::new(UNSUPPORTED_VERSION, "this protocol version is not served here");
    Err(RpcError { data: Some(data), ..error.with_status(StatusCode::BAD_REQUEST) })
}

fn check_session(tools: &DemoTools, headers: &HeaderMap) -> Result<(), RpcError> {
    let Some(session) = headers.get(SESSION_HEADER) else {
        return Ok(());
    };
    let open = session.to_str().is_ok_and(|id| tools.with(|data| data.has_session(id)));
    if open {
        return Ok(());
    }
    let error = RpcError::new(INVALID_REQUEST, "no such session; send initialize to open one");
    Err(error.with_status(StatusCode::NOT_FOUND))
}

impl RpcError {
    pub(super) fn new(code: i64, message: &str) -> Self {
        Self { status: StatusCode::OK, code, message: message.to_owned(), data: None }
    }

    pub(super) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    fn into_response(self, id: &Value) -> Response {
        let mut error = json!({"code": self.code, "message": self.message});
        if let (Some(fields), Some(data)) = (error.as_object_mut(), self.data) {
            fields.insert("data".to_owned(), data);
        }
        (self.status, Json(json!({"jsonrpc": "2.0", "id": id, "error": error}))).into_response()
    }
}

impl From<DemoError> for RpcError {
    fn from(error: DemoError) -> Self {
        Self::new(INVALID_PARAMS, &error.to_string())
    }
}
