//! An MCP request and what it turns out to be.

use std::collections::HashMap;

use crate::extract::mcp::McpEra;
use crate::extract::mcp::head::{McpHead, SingleHeader};
use crate::extract::mcp::message::{Envelope, envelope, invalid, mismatch, rpc, rpc_code};
use crate::extract::mcp::methods::{self, Method};
use crate::extract::mcp::{mirrored, version};
use crate::extract::operations::is_json;
use crate::extract::{ExtractError, Extracted, MessageKind, ResourceTemplate};
use crate::model::call::{CapabilityName, lower_snake};
use crate::model::decision::ReasonCode;
use crate::model::json::{Json, Reader};

/// How an MCP route turns messages into calls.
#[derive(Clone, Debug)]
pub struct McpExtractor {
    /// The route's name: the resource of a tool call without a template.
    pub route: String,
    /// Put before every tool name.
    pub prefix: String,
    /// Tools whose capability is named by the configuration.
    pub tools: HashMap<String, CapabilityName>,
    /// Where a tool call's resource stands in its arguments.
    pub resource: Option<ResourceTemplate>,
    /// Whether that is made of an argument that must not be stored.
    pub resource_hidden: bool,
}

/// What an MCP request is read from.
#[derive(Clone, Copy, Debug)]
pub struct McpInput<'h, 'a> {
    /// HTTP method.
    pub method: &'h str,
    /// What of the head matters.
    pub head: &'h McpHead<'h>,
    /// `Content-Type`.
    pub content_type: Option<&'h str>,
    /// The whole body.
    pub body: &'a [u8],
}

impl McpExtractor {
    /// Reads a request: a POSTed message or, in the session era, a GET for the server's stream or a DELETE that ends a session.
    ///
    /// # Errors
    /// Another method, a version that is not spoken, headers that say something else than the body, or a body that is no
    /// single strict JSON-RPC message of a method served in its era.
    pub fn extract<'a>(
        &self,
        reader: &Reader,
        input: McpInput<'_, 'a>,
    ) -> Result<Extracted<'a>, ExtractError> {
        match (input.method, input.head.era()) {
            ("POST", _) => self.posted(reader, input),
            ("GET" | "DELETE", McpEra::Session) => self.bodiless(input),
            (_, era) => {
                let message = match era {
                    McpEra::Session => "This route serves GET, POST and DELETE only.",
                    McpEra::Stateless => "This version of MCP is served by POST only.",
                };
                Err(ExtractError::new(405, ReasonCode::MethodNotAllowed, message))
            }
        }
    }

    /// A GET or DELETE of the session era.
    fn bodiless<'a>(&self, input: McpInput<'_, 'a>) -> Result<Extracted<'a>, ExtractError> {
        let bad = |message| Err(invalid(&Json::Null, message));
        let (name, kind) = match input.method {
            // Some servers find a stream by the event's id alone.
            "GET" if input.head.resumes && !input.head.in_session => {
                return bad("Last-Event-ID resumes a stream of a session, and no Mcp-Session-Id names one.");
            }
            "GET" => ("stream", MessageKind::Stream),
            _ if input.head.in_session => ("session_end", MessageKind::Other),
            _ => return bad("DELETE ends a session, and no Mcp-Session-Id names one."),
        };
        version::bodiless(input.head)?;
        not_mirrored(input.head, &Json::Null)?;
        if !input.body.is_empty() {
            return bad("A GET or DELETE on an MCP route has no body.");
        }
        Ok(self.message(name, None, kind))
    }

    fn posted<'a>(&self, reader: &Reader, input: McpInput<'_, 'a>) -> Result<Extracted<'a>, ExtractError> {
        if !input.content_type.is_some_and(is_json) {
            let message = "MCP messages must be sent as application/json.";
            let code = rpc_code::INVALID_REQUEST;
            return Err(rpc(415, ReasonCode::UnsupportedMediaType, code, &Json::Null, message));
        }
        let message = envelope(reader, input.body)?;
        let era = version::agreed(input.head, &message)?;
        match &message {
            // The answer to a notification is 202 without a body, so there is nothing but the status to refuse it with.
            Envelope::Notification { method, .. } if !method.starts_with("notifications/") => {
                let error = invalid(&Json::Null, "Only notifications may come without an id.");
                return Err(ExtractError { status: 403, ..error });
            }
            _ => {}
        }
        match era {
            McpEra::Session if mirrored::opens_session(input.head, &message) => {}
            McpEra::Session => not_mirrored(input.head, message.id())?,
            McpEra::Stateless => stateless(input.head, &message)?,
        }
        match message {
            Envelope::Request { id, method, params } => self.request(era, input.head, id, &method, params),
            Envelope::Notification { method, .. } => {
                let calls_off = method == "notifications/cancelled";
                let kind = if calls_off { MessageKind::CallsOff } else { MessageKind::Other };
                Ok(self.message(&method, None, kind))
            }
            Envelope::Response { .. } if era == McpEra::Session && input.head.in_session => {
                Ok(self.message("response", None, MessageKind::Other))
            }
            // A response answers a question of the server's within a session: outside of one anybody could answer for another.
            Envelope::Response { id } => Err(invalid(
                &id,
                match era {
                    McpEra::Session => {
                        "A response to the server's own request belongs to a session; send its Mcp-Session-Id."
                    }
                    McpEra::Stateless => {
                        "In this version of MCP servers ask nothing, so there is nothing to answer."
                    }
                },
            )),
        }
    }

    fn request<'a>(
        &self,
        era: McpEra,
        head: &McpHead<'_>,
        id: Json<'a>,
        method: &str,
        params: Json<'a>,
    ) -> Result<Extracted<'a>, ExtractError> {
        match methods::of(era, method) {
            Method::ToolCall => self.tool_call(id, params),
            Method::Named { member, suffix } => self.named(id, params, member, suffix),
            Method::Passes(kind) => Ok(self.message(method, Some(id), kind)),
            Method::Unknown => Err(unknown(era, head, &id, method)),
        }
    }

    fn message<'a>(&self, method: &str, rpc_id: Option<Json<'a>>, kind: MessageKind) -> Extracted<'a> {
        let name = lower_snake(method).and_then(|part| CapabilityName::under(&self.prefix, &part));
        Extracted::Message { name, rpc_id, kind }
    }
}

/// Refuses headers that mirror the body where the version knows none: an intermediary that believed them would judge something
/// else than what runs.
fn not_mirrored(head: &McpHead<'_>, id: &Json<'_>) -> Result<(), ExtractError> {
    if head.has_mirrored() {
        let what = "Mcp-Method and Mcp-Name belong to MCP 2026-07-28 and are not believed on other versions";
        return Err(mismatch(id, what));
    }
    Ok(())
}

/// What every message of the stateless era must have: a request the version in its body, and headers that mirror it.
fn stateless(head: &McpHead<'_>, message: &Envelope<'_>) -> Result<(), ExtractError> {
    if let Envelope::Request { id, .. } = message
        && version::claim(message).is_none()
    {
        let message =
            "The request names no version in params._meta (io.modelcontextprotocol/protocolVersion).";
        return Err(rpc(400, ReasonCode::InvalidMessage, rpc_code::INVALID_PARAMS, id, message));
    }
    mirrored::check(head, message)
}

/// The refusal of a method that is not served.
fn unknown(era: McpEra, head: &McpHead<'_>, id: &Json<'_>, method: &str) -> ExtractError {
    let newer = methods::of(McpEra::Stateless, method) != Method::Unknown;
    if newer && head.version == SingleHeader::Absent {
        return mismatch(id, "this method belongs to MCP 2026-07-28, and no MCP-Protocol-Version says so");
    }
    // To clients of the session era 404 says that their session is over.
    let status = match era {
        McpEra::Session => 400,
        McpEra::Stateless => 404,
    };
    let message = "The method is not served by this gateway.";
    rpc(status, ReasonCode::MethodNotFound, rpc_code::METHOD_NOT_FOUND, id, message)
}
