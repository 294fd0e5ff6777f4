//! What a decision wants done for a call that is let through: whether it can be, and the plan for the answer that does it.

use std::sync::Arc;

use crate::decision::Route;
use crate::gateway::assess::known::Onward;
use crate::model::decision::{Decision, Obligations, Outcome, Reason, ReasonCode};
use crate::response::ResponsePlan;

/// Denies a call whose obligations cannot be fulfilled; whether it did.
pub(super) fn unfulfilled(decision: &mut Decision, onward: &Onward<'_>) -> bool {
    if decision.outcome == Outcome::Deny {
        return false;
    }
    let wanted = &decision.obligations;
    let reads = matches!(onward.incoming.method, "GET" | "HEAD");
    let edits = wanted.max_response_bytes.is_some() || !wanted.redact_response.is_empty();
    let what = if wanted.read_only && !reads {
        "it must only read (read_only), and that cannot be told of it"
    } else if edits && onward.tunnel {
        "what comes back must be looked at, and nobody looks into a tunnel"
    } else {
        return false;
    };
    deny(decision, what);
    true
}

/// Denies a call because `what` cannot be done for it.
pub(in crate::gateway) fn deny(decision: &mut Decision, what: &str) {
    decision.outcome = Outcome::Deny;
    decision.code = ReasonCode::ObligationUnfulfilled;
    decision.reason = Reason::new(&format!("Blocked: an obligation cannot be fulfilled: {what}."));
    decision.charge = None;
}

/// The plan for the answer with what `obligations` want done to it.
pub(super) fn fulfilled(
    plan: Option<Box<ResponsePlan>>,
    obligations: &Obligations,
    route: &Route,
) -> Option<Box<ResponsePlan>> {
    let (most, redact) = (obligations.max_response_bytes, &obligations.redact_response);
    if most.is_none() && redact.is_empty() {
        return plan;
    }
    let mut plan =
        plan.unwrap_or_else(|| Box::new(ResponsePlan { rpc: route.is_mcp(), ..ResponsePlan::default() }));
    plan.max_bytes = plan.max_bytes.into_iter().chain(most).min();
    if plan.redact.is_empty() {
        plan.redact = Arc::clone(redact);
    } else if !redact.is_empty() {
        plan.redact = plan.redact.iter().chain(redact.iter()).cloned().collect();
    }
    Some(plan)
}
