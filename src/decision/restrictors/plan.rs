//! The restrictor of sessions: what each call of a session may do, all of them together may not.

use crate::decision::PolicySnapshot;
use crate::decision::combine::authorizer_outcome;
use crate::model::call::ToolCall;
use crate::model::decision::{Authorization, Facts, Outcome, Reason, Restricted, RiskLevel};
use crate::policy::rules::PlanViolation;

/// What the rules over sessions have against a call that would else be let through or held.
pub(in crate::decision) fn violation(
    snapshot: &PolicySnapshot,
    call: &ToolCall<'_>,
    rules: &Authorization,
    facts: Facts<'_>,
) -> Option<PlanViolation> {
    let plan = snapshot.plan()?;
    let denied = authorizer_outcome(rules).unwrap_or_else(|| snapshot.default_outcome()) == Outcome::Deny;
    let action = call.action.capability().filter(|_| !denied)?;
    plan.violation(action, risk(snapshot, rules), facts.history)
}

/// What a violation is to the decision.
pub(in crate::decision) fn restricted(violation: Option<&PlanViolation>) -> Restricted {
    let Some(PlanViolation { restriction, reason, .. }) = violation else { return Restricted::NotApplicable };
    let reason = if Outcome::from(*restriction) == Outcome::Deny {
        Reason::new(&format!("Blocked by plan rule: {reason}"))
    } else {
        Reason::new(&format!("A plan rule wants a person to approve this call: {reason}"))
    };
    Restricted::Applicable(*restriction, reason)
}

fn risk(snapshot: &PolicySnapshot, rules: &Authorization) -> RiskLevel {
    match rules {
        Authorization::Applicable { risk, .. } => *risk,
        _ => snapshot.default_risk(),
    }
}
