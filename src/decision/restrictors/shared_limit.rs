//! The restrictor of limits that all callers of a capability share: what is beyond one wants people to agree, or is denied.
//!
//! A limit acts wherever the capability is registered, whether or not only registered capabilities are let through: it was written to
//! restrict, and nothing is let in for want of one.

use std::sync::Arc;

use crate::decision::decide::Registered;
use crate::decision::restrictors::Said;
use crate::model::call::DecisionRequest;
use crate::model::decision::{Engine, Facts, ReasonCode, Restriction, SHARED_LIMITS, SharedCharge};
use crate::policy::governance::SharedLimit;

/// What findings name as the rule.
const RULE: &str = "shared_limit";

/// What the limits of the call's capability say of it, and what letting it through takes of them. Of several that are exceeded the one
/// speaks that restricts most; of equal ones the deployment's.
pub(in crate::decision) fn restrict(
    request: DecisionRequest<'_, '_>,
    registered: Option<Registered<'_>>,
    facts: Facts<'_>,
) -> (Said, Option<SharedCharge>) {
    let engine = Engine::Capabilities;
    let name = request.call.action.capability();
    let (Some(capability), Some(registered)) = (name, registered) else {
        return (Said::nothing(engine), None);
    };
    let (mut charge, mut exceeded) = (None::<SharedCharge>, None::<SharedLimit>);
    for (place, limit) in registered.shared_limits().enumerate() {
        let charge = charge.get_or_insert(SharedCharge { within: [None; SHARED_LIMITS], max_requests: 0 });
        charge.max_requests = charge.max_requests.max(limit.rate.max_requests);
        let uses = facts.shared_uses.get(place).copied().flatten();
        if uses.is_some_and(|uses| uses >= limit.rate.max_requests) {
            if exceeded.is_none_or(|other| limit.then > other.then) {
                exceeded = Some(limit);
            }
        } else if let Some(slot) = charge.within.get_mut(place) {
            *slot = Some(limit.rate);
        }
    }
    let said = exceeded.map_or_else(|| Said::nothing(engine), |limit| beyond(capability, limit));
    (said, charge)
}

/// A call beyond `limit`.
fn beyond(capability: &str, limit: SharedLimit) -> Said {
    let SharedLimit { rate, then } = limit;
    let used_up = format!(
        "all callers together may make {} calls of {capability} in {} seconds, and they are used up",
        rate.max_requests, rate.window_s,
    );
    let engine = Engine::Capabilities;
    let said = match then {
        Restriction::Deny => {
            let reason = format!("Blocked: {used_up}. Try again later.");
            Said::denied(engine, ReasonCode::SharedLimitExceeded, &reason)
        }
        Restriction::Escalate => {
            let reason = format!("The escalation roles have to approve this call: {used_up}.");
            Said::asks(engine, then, &reason)
        }
        Restriction::RequireConfirmation => {
            let reason = format!("A person has to approve this call: {used_up}.");
            Said::asks(engine, then, &reason)
        }
    };
    said.by(&Arc::from(RULE))
}
