//! Which methods are served in which era, and what kind of message each makes.

use crate::extract::MessageKind;
use crate::extract::mcp::McpEra;

/// What a request's method asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// A tool is called.
    ToolCall,
    /// A resource is read or a prompt asked for: what it is about stands in this member of `params`, and its capability ends
    /// in this.
    Named { member: &'static str, suffix: &'static str },
    /// Nothing that is decided.
    Passes(MessageKind),
    /// Nothing that is served in the era.
    Unknown,
}

/// What `method` asks for in `era`.
///
/// Every answer of a server's to a GET or to `subscriptions/listen` is a stream on which other messages may come than the
/// caller just asked for.
pub(super) fn of(era: McpEra, method: &str) -> Method {
    match (era, method) {
        (_, "tools/call") => Method::ToolCall,
        (_, "resources/read") => Method::Named { member: "uri", suffix: "resources.read" },
        (_, "prompts/get") => Method::Named { member: "name", suffix: "prompts.get" },
        (_, "tools/list") => Method::Passes(MessageKind::ToolList),
        (_, "prompts/list" | "resources/list" | "resources/templates/list" | "completion/complete") => {
            Method::Passes(MessageKind::Other)
        }
        (
            McpEra::Session,
            "initialize"
            | "ping"
            | "logging/setLevel"
            | "resources/subscribe"
            | "resources/unsubscribe"
            | "roots/list"
            | "tasks/list",
        ) => Method::Passes(MessageKind::Other),
        (McpEra::Stateless, "server/discover") => Method::Passes(MessageKind::Other),
        (McpEra::Stateless, "subscriptions/listen") => Method::Passes(MessageKind::Stream),
        _ => Method::Unknown,
    }
}

/// The member of `params` that `Mcp-Name` repeats for `method`.
pub(super) fn name_member(method: &str) -> Option<&'static str> {
    match of(McpEra::Stateless, method) {
        Method::ToolCall => Some("name"),
        Method::Named { member, .. } => Some(member),
        Method::Passes(_) | Method::Unknown => None,
    }
}
