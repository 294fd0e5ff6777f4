//! L1: what do they want? Bytes in, [`Extracted`] out.
//!
//! May import `model` only. Everything here is bounded, strict and fuzzed: what cannot be read in exactly one way is refused.
//! Start reading at [`Extracted`], then one protocol: `mcp/`, `operations/` (REST) or `tool_call.rs`.

mod bodies;
mod error;
mod extracted;
mod header_name;
mod mcp;
mod operations;
mod query;
mod template;
mod tool_call;

pub use bodies::{
    ActionCall, ActionError, Actions, ActionsError, FieldError, Proposal, read_json, read_report,
};
pub use error::{ExtractError, RpcError};
pub use extracted::{Extracted, MessageKind};
pub use header_name::same_name;
pub use mcp::{
    McpEra, McpExtractor, McpHead, McpInput, SESSION_VERSIONS, STATELESS_VERSION, SingleHeader, rpc_code,
};
pub use operations::{Operation, OperationsExtractor, OperationsInput};
pub use query::parse_query;
pub use template::{ResourceTemplate, TemplateError, TemplatePart};
pub use tool_call::ToolCallExtractor;

#[cfg(test)]
mod tests;
