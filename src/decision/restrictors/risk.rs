//! The restrictor of risk: what looks too dangerous wants people or is denied, and what is critical wants at least one person.

use crate::decision::PolicySnapshot;
use crate::decision::decide::Registered;
use crate::decision::restrictors::Said;
use crate::model::call::DecisionRequest;
use crate::model::decision::{Engine, Facts, ReasonCode, Restriction, RiskLevel, RiskScore};
use crate::model::json::Json;
use crate::policy::governance::Content;
use crate::risk::{Band, RiskInput};

/// The word that doubles the danger of a capability.
const PRODUCTION: &str = "production";

/// The score of a call; `None` where the risk of it is not scored.
pub(in crate::decision) fn score(
    snapshot: &PolicySnapshot,
    request: DecisionRequest<'_, '_>,
    registered: Option<Registered<'_>>,
    facts: Facts<'_>,
) -> Option<RiskScore> {
    let (model, capability) = (snapshot.governing.risk.as_ref()?, registered?);
    let principal = request.principal;
    let object = snapshot.governance.actor(&principal.tenant, &principal.id);
    let known = object.and_then(|object| match &object.content {
        Content::Actor(status) => status.trust,
        _ => None,
    });
    Some(model.score(&RiskInput {
        level: capability.risk_level(),
        environment_is_production: is_production(request),
        destructive: capability.is_destructive(),
        policy_change: capability.changes_policy(),
        trust: known.unwrap_or_else(|| model.trust_of(&principal.id)),
        conduct: facts.conduct.unwrap_or_default(),
    }))
}

/// What the score and the capability's level want.
pub(in crate::decision) fn restrict(
    snapshot: &PolicySnapshot,
    request: DecisionRequest<'_, '_>,
    registered: Option<Registered<'_>>,
    score: Option<RiskScore>,
    accepts_critical: bool,
) -> Said {
    let engine = Engine::Risk;
    let (Some(model), Some(score), Some(capability)) = (&snapshot.governing.risk, score, registered) else {
        return Said::nothing(engine);
    };
    let name = request.call.action.capability().unwrap_or_default();
    match model.band(score) {
        Band::Deny => {
            let reason = format!("Blocked: the risk score {score} of {name} is above what is let through.");
            Said::denied(engine, ReasonCode::RiskDenied, &reason)
        }
        Band::Escalate => {
            let reason = format!("The risk score {score} of {name} wants the escalation roles to agree.");
            Said::asks(engine, Restriction::Escalate, &reason)
        }
        _ if capability.risk_level() == RiskLevel::Critical && model.floor && !accepts_critical => {
            let reason = format!("{name} is critical, so a person has to approve it.");
            Said::asks(engine, Restriction::RequireConfirmation, &reason)
        }
        Band::None | Band::Monitoring => Said::nothing(engine),
    }
}

/// Whether the call is about production: the route says so, or the caller. A caller that says something else lowers nothing.
fn is_production(request: DecisionRequest<'_, '_>) -> bool {
    let said = request.context.metadata.and_then(|metadata| metadata.member("environment"));
    let claimed = matches!(said, Some(Json::String(text)) if text.as_str().eq_ignore_ascii_case(PRODUCTION));
    claimed || request.context.environment == Some(PRODUCTION)
}
