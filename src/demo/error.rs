//! What the demo tools refuse, in words for the person or the model that called.
//!
//! Imports nothing of ours. `rest.rs` turns these into HTTP statuses, `mcp.rs` into JSON-RPC errors. No text repeats an
//! argument's value: the gateway's own rule, kept here so that a demo shows it.

use crate::demo::state::{MAX_REFUND_CENTS, MAX_REFUNDS};

/// Why a demo tool did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum DemoError {
    /// No contact has the id given.
    #[error("there is no such contact; GET /crm/contacts lists them")]
    UnknownContact,
    /// The request body of a refund is not usable.
    #[error("the body must be a JSON object with contact, amount_cents and reason: {0}")]
    BadRefund(&'static str),
    /// The refund's amount is outside what the tool pays.
    #[error("amount_cents must be an integer from 1 to {MAX_REFUND_CENTS}")]
    BadAmount,
    /// The list of refunds is at its limit.
    #[error("the demo keeps at most {MAX_REFUNDS} refunds; restart it to begin again")]
    RefundsFull,
    /// No MCP tool has the name given.
    #[error("unknown tool; tools/list names the tools of this server")]
    UnknownTool,
    /// An MCP tool's arguments do not fit its input schema.
    #[error("invalid arguments for {tool}: {detail}")]
    BadArguments {
        /// The tool that was called.
        tool: &'static str,
        /// What is wrong, naming the argument.
        detail: String,
    },
}
