//! The restrictor of tunnels: what goes through one is never looked at, so nobody must have let it in by a pattern.

use crate::decision::combine::authorizer_outcome;
use crate::model::call::{Action, ToolCall};
use crate::model::decision::{Authorization, Outcome, Reason, Restricted, Restriction};

/// Denies a tunnel that is let in by a wildcard or by the default. What denies it anyhow is left to speak for itself.
pub(in crate::decision) fn restrict(
    call: &ToolCall<'_>,
    rules: &Authorization,
    default: Outcome,
) -> Restricted {
    let Action::Tunnel(name) = &call.action else { return Restricted::NotApplicable };
    let is_named = matches!(rules, Authorization::Applicable { names_it: true, .. });
    if is_named || authorizer_outcome(rules).unwrap_or(default) == Outcome::Deny {
        return Restricted::NotApplicable;
    }
    let reason = format!(
        "Blocked: a tunnel carries what no rule looks at, so only a rule whose type is exactly \"{name}\" lets one through."
    );
    Restricted::Applicable(Restriction::Deny, Reason::new(&reason))
}
