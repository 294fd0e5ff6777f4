//! MCP streamable HTTP of the session era (2025-03-26 to 2025-11-25): POSTed messages, the server's stream, a session's end.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::extract::mcp_message::{Envelope, envelope, invalid, rpc, rpc_code};
use crate::extract::operations::is_json;
use crate::extract::{ExtractError, Extracted, ResourceTemplate};
use crate::model::call::{Action, CapabilityName, Parameters, ToolCall, lower_snake};
use crate::model::decision::ReasonCode;
use crate::model::json::{Json, Reader, write_json_string};

/// Protocol versions spoken here, newest first.
pub const SESSION_VERSIONS: [&str; 3] = ["2025-11-25", "2025-06-18", "2025-03-26"];

/// The version of the stateless era, whose methods are refused under its name.
const STATELESS_VERSION: &str = "2026-07-28";

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

/// What of the request's head matters to MCP.
#[derive(Clone, Copy, Debug, Default)]
pub struct McpHead<'a> {
    /// `MCP-Protocol-Version`.
    pub version: Option<&'a str>,
    /// Whether `Mcp-Method` or `Mcp-Name` is there.
    pub has_mirrored: bool,
    /// Whether the request belongs to a session that was found to be the caller's.
    pub in_session: bool,
    /// Whether `Last-Event-ID` is there.
    pub resumes: bool,
}

/// What an MCP request is read from.
#[derive(Clone, Copy, Debug)]
pub struct McpInput<'h, 'a> {
    /// HTTP method.
    pub method: &'h str,
    /// What of the head matters.
    pub head: McpHead<'h>,
    /// `Content-Type`.
    pub content_type: Option<&'h str>,
    /// The whole body.
    pub body: &'a [u8],
}

impl McpExtractor {
    /// Reads a request: a POSTed message, a GET for the server's stream, or a DELETE that ends a session.
    ///
    /// # Errors
    /// Another method, a version that is not spoken, or a body that is no single strict JSON-RPC message of a method served
    /// here.
    pub fn extract<'a>(
        &self,
        reader: &Reader,
        input: McpInput<'_, 'a>,
    ) -> Result<Extracted<'a>, ExtractError> {
        let name = match input.method {
            "POST" => return self.posted(reader, input),
            // Some servers find a stream by the event's id alone.
            "GET" if input.head.resumes && !input.head.in_session => {
                let message = "Last-Event-ID resumes a stream of a session, and no Mcp-Session-Id names one.";
                return Err(invalid(&Json::Null, message));
            }
            "GET" => "stream",
            "DELETE" if input.head.in_session => "session_end",
            "DELETE" => {
                return Err(invalid(&Json::Null, "DELETE ends a session, and no Mcp-Session-Id names one."));
            }
            _ => {
                let message = "This route serves GET, POST and DELETE only.";
                return Err(ExtractError::new(405, ReasonCode::MethodNotAllowed, message));
            }
        };
        check_head(input.head, None, &Json::Null)?;
        if !input.body.is_empty() {
            return Err(invalid(&Json::Null, "A GET or DELETE on an MCP route has no body."));
        }
        Ok(self.message(name, None))
    }

    fn posted<'a>(
        &self,
        reader: &Reader,
        McpInput { head, content_type, body, .. }: McpInput<'_, 'a>,
    ) -> Result<Extracted<'a>, ExtractError> {
        if !content_type.is_some_and(is_json) {
            let message = "MCP messages must be sent as application/json.";
            return Err(rpc(
                415,
                ReasonCode::UnsupportedMediaType,
                rpc_code::INVALID_REQUEST,
                &Json::Null,
                message,
            ));
        }
        let message = envelope(reader, body)?;
        let id = match &message {
            Envelope::Request { id, .. } | Envelope::Response { id } => id.clone(),
            Envelope::Notification { .. } => Json::Null,
        };
        check_head(head, Some(&message), &id)?;
        match message {
            Envelope::Request { id, method, params } => self.request(id, &method, params),
            Envelope::Notification { method } => match method.strip_prefix("notifications/") {
                Some(_) => Ok(self.message(&method, None)),
                None => Err(invalid(&Json::Null, "Only notifications may come without an id.")),
            },
            Envelope::Response { .. } if head.in_session => Ok(self.message("response", None)),
            // A response answers a question of the server's within a session: outside of one anybody could answer for another.
            Envelope::Response { id } => Err(invalid(
                &id,
                "A response to the server's own request belongs to a session; send its Mcp-Session-Id.",
            )),
        }
    }

    fn request<'a>(
        &self,
        id: Json<'a>,
        method: &str,
        params: Json<'a>,
    ) -> Result<Extracted<'a>, ExtractError> {
        match method {
            "tools/call" => self.tool_call(id, params),
            "resources/read" => self.named(id, params, "uri", "resources.read"),
            "prompts/get" => self.named(id, params, "name", "prompts.get"),
            "initialize"
            | "ping"
            | "logging/setLevel"
            | "completion/complete"
            | "resources/subscribe"
            | "resources/unsubscribe" => Ok(self.message(method, Some(id))),
            "tools/list"
            | "prompts/list"
            | "resources/list"
            | "resources/templates/list"
            | "roots/list"
            | "tasks/list" => Ok(self.message(method, Some(id))),
            _ => Err(rpc(
                400,
                ReasonCode::MethodNotFound,
                rpc_code::METHOD_NOT_FOUND,
                &id,
                "The method is not served by this gateway.",
            )),
        }
    }

    fn tool_call<'a>(&self, id: Json<'a>, mut params: Json<'a>) -> Result<Extracted<'a>, ExtractError> {
        let bad = |what: &str| {
            let message = format!("The tool call was refused: {what}.");
            Err(rpc(400, ReasonCode::InvalidMessage, rpc_code::INVALID_PARAMS, &id, message))
        };
        let arguments = match params.take_member("arguments") {
            None => Json::Object(Vec::new()),
            Some(arguments @ Json::Object(_)) => arguments,
            Some(_) => return bad("params.arguments must be an object"),
        };
        let Some(tool) = params.member("name").and_then(Json::as_str) else {
            return bad("params.name must be a string");
        };
        let resource = match &self.resource {
            None => Cow::Owned(self.route.clone()),
            Some(template) => match template.fill(&arguments) {
                Ok(Some(resource)) => Cow::Owned(resource),
                Ok(None) => Cow::Owned(self.route.clone()),
                Err(name) => {
                    return bad(&format!(
                        "the argument {name}, which names the resource, is not a plain value"
                    ));
                }
            },
        };
        let action = self.action(tool);
        let resource_hidden = self.resource_hidden;
        let call = ToolCall { action, resource, resource_hidden, parameters: Parameters::Flat(arguments) };
        Ok(Extracted::Call { call, rpc_id: Some(id), tool_result: true })
    }

    /// The call of a tool that is only listed: nothing is known of its arguments, nor of a resource made of them.
    #[must_use]
    pub fn listed(&self, tool: &str) -> ToolCall<'static> {
        ToolCall {
            action: self.action(tool),
            resource: Cow::Owned(self.route.clone()),
            resource_hidden: self.resource_hidden,
            parameters: Parameters::Unknown { name_resource: self.resource.is_some() },
        }
    }

    fn action<'a>(&self, tool: &str) -> Action<'a> {
        if let Some(name) = self.tools.get(tool) {
            return Action::Named(name.clone());
        }
        CapabilityName::under(&self.prefix, tool).map_or_else(
            || Action::Unnamed { tool: Cow::Owned(tool.to_owned()), prefix: Cow::Owned(self.prefix.clone()) },
            Action::Named,
        )
    }

    /// `resources/read` and `prompts/get`: one string parameter names the resource.
    fn named<'a>(
        &self,
        id: Json<'a>,
        params: Json<'a>,
        field: &str,
        suffix: &str,
    ) -> Result<Extracted<'a>, ExtractError> {
        let resource = params.member(field).and_then(Json::as_str).map(|text| Cow::Owned(text.to_owned()));
        let name = CapabilityName::parse(&format!("{}.{suffix}", self.prefix)).ok();
        match (resource, name) {
            (Some(resource), Some(name)) => {
                let parameters = Parameters::Flat(params);
                let call =
                    ToolCall { action: Action::Named(name), resource, resource_hidden: false, parameters };
                Ok(Extracted::Call { call, rpc_id: Some(id), tool_result: false })
            }
            _ => {
                let message = format!("The request was refused: params.{field} must be a string.");
                Err(rpc(400, ReasonCode::InvalidMessage, rpc_code::INVALID_PARAMS, &id, message))
            }
        }
    }

    fn message<'a>(&self, method: &str, rpc_id: Option<Json<'a>>) -> Extracted<'a> {
        let name = lower_snake(method).and_then(|part| CapabilityName::under(&self.prefix, &part));
        Extracted::Message { name, rpc_id }
    }
}

/// Refuses versions that are not spoken here, and headers that mirror the body where the version knows none: an
/// intermediary that believed them would judge something else than what runs.
fn check_head(head: McpHead<'_>, message: Option<&Envelope<'_>>, id: &Json<'_>) -> Result<(), ExtractError> {
    let newer_method = matches!(message, Some(Envelope::Request { method, .. }) if method == "server/discover" || method == "subscriptions/listen");
    let unspoken = head.version.is_some_and(|version| !SESSION_VERSIONS.contains(&version));
    if unspoken || newer_method {
        let spoken = SESSION_VERSIONS.join(", ");
        let message = format!("The MCP version is not spoken here. Spoken: {spoken}.");
        let mut error = rpc(400, ReasonCode::UnsupportedVersion, rpc_code::UNSUPPORTED_VERSION, id, message);
        if let Some(rpc) = &mut error.rpc {
            let supported = SESSION_VERSIONS.map(|version| format!("\"{version}\"")).join(",");
            let mut requested = Vec::new();
            write_json_string(head.version.unwrap_or(STATELESS_VERSION), &mut requested);
            let requested = String::from_utf8(requested).unwrap_or_default();
            rpc.data = Some(format!("{{\"supported\":[{supported}],\"requested\":{requested}}}"));
        }
        return Err(error);
    }
    if head.has_mirrored {
        let message =
            "Mcp-Method and Mcp-Name belong to MCP 2026-07-28 and are not believed on other versions.";
        return Err(rpc(400, ReasonCode::InvalidMessage, rpc_code::HEADER_MISMATCH, id, message));
    }
    Ok(())
}
