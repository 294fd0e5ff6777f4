//! The restrictor of sessions: what each call of a session may do, all of them together may not.

use crate::decision::PolicySnapshot;
use crate::decision::decide::Authorized;
use crate::decision::restrictors::Said;
use crate::model::call::ToolCall;
use crate::model::decision::{Engine, Facts, Outcome, ReasonCode, Restriction};
use crate::policy::rules::PlanViolation;

/// What the rules over sessions have against a call that would else be let through or held.
pub(in crate::decision) fn restrict(
    snapshot: &PolicySnapshot,
    call: &ToolCall<'_>,
    authorized: &Authorized,
    facts: Facts<'_>,
) -> Said {
    let nothing = Said::nothing(Engine::Plan);
    let Some(plan) = snapshot.plan() else { return nothing };
    // Where it is denied anyway there is no violation to tell of.
    if authorized.outcome() == Outcome::Deny {
        return nothing;
    }
    let Some(action) = call.action.capability() else { return nothing };
    let Some(violation) = plan.violation(action, authorized.risk(snapshot, None), facts.history) else {
        return nothing;
    };
    let PlanViolation { restriction, reason, rule } = violation;
    let said = match restriction {
        Restriction::Deny => {
            let reason = format!("Blocked by plan rule: {reason}");
            Said::denied(Engine::Plan, ReasonCode::PlanDenied, &reason)
        }
        asks => {
            let reason = format!("A plan rule wants a person to approve this call: {reason}");
            Said::asks(Engine::Plan, asks, &reason)
        }
    };
    said.by(&rule)
}
