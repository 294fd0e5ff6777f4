//! The restrictor that refuses calls no policy could name.

use crate::decision::restrictors::Said;
use crate::model::call::{Action, ToolCall};
use crate::model::decision::{Engine, ReasonCode};

/// Denies a call whose tool has no capability name. A rule such as `type: "*"` must not admit what the operators cannot
/// have meant, and a name repaired by guessing could fall on another tool's.
pub(in crate::decision) fn restrict(call: &ToolCall<'_>) -> Said {
    match &call.action {
        Action::Named(_) | Action::Verbatim(_) | Action::Tunnel(_) => Said::nothing(Engine::Naming),
        Action::Shared(name) => Said::denied(
            Engine::Naming,
            ReasonCode::SharedCapability,
            &format!(
                "Blocked: two tools of this server have names that make the capability {name}. Tell them apart in the route's \
                 tools.",
            ),
        ),
        Action::Unnamed { tool, prefix } => Said::denied(
            Engine::Naming,
            ReasonCode::UnnamedCapability,
            &format!(
                "Blocked: no capability name can be made of the tool name \"{}\". Name it in the route's tools, such as \
                 \"{prefix}.<name>\".",
                tool.chars().take(80).collect::<String>(),
            ),
        ),
    }
}
