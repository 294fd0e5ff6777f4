//! L1: what do they want? Bytes in, [`Extracted`] out.
//!
//! May import `model` only. Everything here is bounded, strict and fuzzed: what cannot be read in exactly one way is refused.
//! Start reading at [`Extracted`], then one protocol: `mcp/`, `operations/` (REST) or `tool_call.rs`.

mod actions;
mod error;
mod extracted;
mod locate;
mod mcp;
mod members;
mod operations;
mod proposal;
mod query;
mod report;
mod template;
mod tool_call;

pub use actions::{ActionCall, ActionError, Actions, ActionsError, read_json};
pub use error::{ExtractError, RpcError};
pub use extracted::{Extracted, MessageKind};
pub use mcp::{
    McpEra, McpExtractor, McpHead, McpInput, SESSION_VERSIONS, STATELESS_VERSION, SingleHeader, rpc_code,
};
pub use members::FieldError;
pub use operations::{Operation, OperationsExtractor, OperationsInput};
pub use proposal::Proposal;
pub use query::parse_query;
pub use report::read_report;
pub use template::{ResourceTemplate, TemplateError, TemplatePart};
pub use tool_call::ToolCallExtractor;

#[cfg(test)]
mod tests;
