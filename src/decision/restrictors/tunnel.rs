//! The restrictor of tunnels: what goes through one is never looked at, so nobody must have let it in by a pattern.

use crate::decision::decide::Authorized;
use crate::decision::restrictors::Said;
use crate::model::call::{Action, ToolCall};
use crate::model::decision::{Engine, Outcome, ReasonCode};

/// Denies a tunnel that is let in by a wildcard or by the default. What denies it anyhow is left to speak for itself.
pub(in crate::decision) fn restrict(call: &ToolCall<'_>, authorized: &Authorized) -> Said {
    let Action::Tunnel(name) = &call.action else { return Said::nothing(Engine::Tunnel) };
    if authorized.names_it() || authorized.outcome() == Outcome::Deny {
        return Said::nothing(Engine::Tunnel);
    }
    let reason = format!(
        "Blocked: a tunnel carries what no rule looks at, so only a rule whose type is exactly \"{name}\", or a Cedar policy for that action, lets one through."
    );
    Said::denied(Engine::Tunnel, ReasonCode::TunnelNotNamed, &reason)
}
