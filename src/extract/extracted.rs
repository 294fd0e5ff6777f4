//! What a request turned out to be.

use crate::model::call::{CapabilityName, ToolCall};
use crate::model::json::Json;

/// The result of extraction.
#[derive(Clone, Debug, PartialEq)]
pub enum Extracted<'a> {
    /// A tool call, to be decided.
    Call {
        /// The call.
        call: ToolCall<'a>,
        /// The JSON-RPC id to answer under, on MCP routes.
        rpc_id: Option<Json<'a>>,
        /// Whether a refusal may take the form of a tool result (`isError`): true for MCP `tools/call` only.
        tool_result: bool,
    },
    /// A message of the protocol that calls no tool: passed on, recorded, not decided.
    Message {
        /// What it is called in the record, such as `files.initialize`.
        name: Option<CapabilityName>,
        /// The JSON-RPC id, if it has one.
        rpc_id: Option<Json<'a>>,
        /// What its answer may hold.
        kind: MessageKind,
    },
}

/// What a message is to the gateway: mostly, what the answer to it may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MessageKind {
    /// Nothing that names tools.
    #[default]
    Other,
    /// MCP's `notifications/cancelled`: the caller waits no more for the request it names.
    CallsOff,
    /// A list of tools: the answer to MCP's `tools/list`, as JSON or as a stream.
    ToolList,
    /// A stream of an MCP server's own, on which any message may come: also the answer to an earlier `tools/list`, replayed.
    Stream,
}
