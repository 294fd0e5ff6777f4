//! The synchronous part of a request: identify, extract, decide, and write the record. No step waits for anything.
//!
//! Start reading at `request.rs`, which finds out who wants what; `known.rs` answers, and `session.rs` keeps MCP sessions to
//! their callers.

mod holding;
mod known;
mod obligations;
mod plan;
mod refusing;
mod request;
mod session;
mod shed;
mod tool_names;

pub(super) use known::{Answer, Assessed};
pub(super) use obligations::deny;
pub(super) use session::BoundSession;
pub(super) use tool_names::ToolNames;
