//! The restrictor of grants: a caller needs one that is live, for now, and not used up.

use crate::decision::PolicySnapshot;
use crate::decision::restrictors::Said;
use crate::model::call::DecisionRequest;
use crate::model::decision::{Engine, Facts, ReasonCode};
use crate::policy::governance::{Content, Grant};

/// The caller's grant of what it asks for; `None` where it has none, or where none is needed.
pub(in crate::decision) fn grant<'s>(
    snapshot: &'s PolicySnapshot,
    request: DecisionRequest<'_, '_>,
) -> Option<&'s Grant> {
    if !snapshot.governing.grants_required {
        return None;
    }
    let capability = request.call.action.capability()?;
    let object = snapshot.governance.grant(&request.principal.tenant, &request.principal.id, capability)?;
    match &object.content {
        Content::Grant(grant) => Some(grant),
        _ => None,
    }
}

/// Denies callers without a grant that is live, for this time of day, and not used up.
pub(in crate::decision) fn restrict(
    snapshot: &PolicySnapshot,
    request: DecisionRequest<'_, '_>,
    grant: Option<&Grant>,
    facts: Facts<'_>,
) -> Said {
    let engine = Engine::Grants;
    if !snapshot.governing.grants_required {
        return Said::nothing(engine);
    }
    let Some(capability) = request.call.action.capability() else { return Said::nothing(engine) };
    let actor = &*request.principal.id;
    let Some(grant) = grant else {
        let reason = format!("Blocked: {actor} has no grant for {capability}. Ask whoever manages grants.");
        return Said::denied(engine, ReasonCode::GrantMissing, &reason);
    };
    if grant.expires_at.is_some_and(|end| facts.now >= end) {
        let reason =
            format!("Blocked: the grant of {capability} to {actor} has ended. Ask whoever manages grants.");
        return Said::denied(engine, ReasonCode::GrantExpired, &reason);
    }
    if let Some(window) = grant.time_window.as_ref().filter(|window| !window.contains(facts.now)) {
        let reason = format!("Blocked: the grant of {capability} to {actor} is for {} only.", window.text());
        return Said::denied(engine, ReasonCode::GrantTimeWindow, &reason);
    }
    if let (Some(limit), Some(uses)) = (grant.rate_limit, facts.grant_uses)
        && uses >= limit.max_requests
    {
        let reason = format!(
            "Blocked: the grant of {capability} to {actor} allows {} calls in {} seconds, and they are used up. Try again later.",
            limit.max_requests, limit.window_s,
        );
        return Said::denied(engine, ReasonCode::GrantRateExceeded, &reason);
    }
    Said::nothing(engine)
}
