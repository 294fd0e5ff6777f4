//! `decide`: the one place where a call is allowed or not, and what can be said of that before its parameters are known.

use crate::decision::PolicySnapshot;
use crate::decision::decide::Registered;
use crate::decision::decide::authorized::{Authorized, question};
use crate::decision::decide::by_cedar;
use crate::decision::decide::combine::combine;
use crate::decision::restrictors::{
    Said, capabilities, gates, grants, naming, plan, risk, shared_limit, status, tunnel,
};
use crate::model::call::DecisionRequest;
use crate::model::decision::{
    Decision, Engine, Facts, Finding, Obligations, Outcome, Reason, ReasonCode, RiskScore,
};
use crate::policy::governance::Grant;
use crate::policy::{governance, rules};
use crate::risk::Band;

/// Decides `request` under `snapshot` with `facts`. Pure and deterministic.
#[must_use]
pub fn decide(snapshot: &PolicySnapshot, request: DecisionRequest<'_, '_>, facts: Facts<'_>) -> Decision {
    let registered = Registered::find(snapshot, request);
    let level = registered.map(Registered::risk_level);
    let grant = grants::grant(snapshot, request);
    // Before the policies, whose conditions may ask for it; what it restricts comes after.
    let score = risk::score(snapshot, request, registered, facts);
    let authorized = Authorized::ask(snapshot, request, level, score, facts);
    let risk = authorized.risk(snapshot, level);
    let shown = score.unwrap_or_else(|| RiskScore::of_level(risk));
    let (by_gates, found) = gates::restrict(snapshot, request, (level, shown), facts);
    let (beyond_limit, shared_charge) = shared_limit::restrict(request, registered, facts);
    let said = [
        status::restrict(snapshot, request.principal),
        naming::restrict(request.call),
        tunnel::restrict(request.call, &authorized),
        capabilities::restrict(snapshot, request, registered),
        grants::restrict(snapshot, request, grant, facts),
        beyond_limit,
        plan::restrict(snapshot, request.call, &authorized, facts),
        authorized.unclear(),
        risk::restrict(snapshot, request, registered, score, authorized.accepts_critical),
        by_gates,
    ];
    let restricted = said.iter().map(|said| &said.restricted);
    let combined =
        combine([&authorized.rules, &authorized.policies, &authorized.cedar], restricted, authorized.default);
    let (code, reason) = explain(snapshot, request, &said, &authorized, combined.outcome);
    let rule = authorized.rule().cloned();
    let obligations = obligations(snapshot, &authorized, grant, shown, registered.is_some());
    let charge = grant.and_then(|grant| grant.rate_limit);
    let mut findings = Vec::with_capacity(1);
    findings.extend(said.iter().filter_map(Said::finding));
    let watched = found.as_ref().filter(|found| !found.enforced).and_then(|found| found.wanted.clone());
    findings.extend(watched.map(|wanted| Finding::watched(Engine::Gates, wanted)));
    let warning = found.as_ref().and_then(|found| found.warning.clone());
    findings.extend(warning.map(|warning| Finding::warned(Engine::Gates, warning)));
    let cedar = authorized.findings(&mut findings);
    Decision {
        outcome: combined.outcome,
        code,
        reason,
        rule,
        risk,
        score: shown,
        obligations,
        charge,
        shared_charge,
        findings,
        gates: found,
        cedar,
    }
}

/// Whether [`decide`] denies `request` whatever its parameters, and the resource made of them, will be. Such a tool is left
/// out of lists. What would be held for a person is not denied, and what cannot be told is shown.
///
/// INVARIANT: where this says yes, `decide` says Deny for every choice of the parameters under the same snapshot and facts.
#[must_use]
pub fn certainly_denied(
    snapshot: &PolicySnapshot,
    request: DecisionRequest<'_, '_>,
    facts: Facts<'_>,
) -> bool {
    let registered = Registered::find(snapshot, request);
    let grant = grants::grant(snapshot, request);
    // None of these looks at parameters; that of the schema passes over those that are not known.
    let said = [
        status::restrict(snapshot, request.principal),
        naming::restrict(request.call),
        capabilities::restrict(snapshot, request, registered),
        grants::restrict(snapshot, request, grant, facts),
        shared_limit::restrict(request, registered, facts).0,
    ];
    if said.iter().any(|said| said.outcome() == Some(Outcome::Deny)) || gates::deny(snapshot, request, facts)
    {
        return true;
    }
    if by_cedar::surely_denies(snapshot, request, facts) {
        return true;
    }
    let rules = snapshot
        .rules
        .as_ref()
        .map_or(rules::Prospect::DeniedOrSilent, |rules| rules.prospect(request, facts));
    let level = registered.map(Registered::risk_level);
    let score = risk::score(snapshot, request, registered, facts);
    let policies = question(snapshot, request, level, score, facts)
        .map_or(governance::Prospect::DeniedOrSilent, |question| snapshot.governance.prospect(&question));
    match (rules, policies) {
        (rules::Prospect::Denied, _) | (_, governance::Prospect::Denied) => true,
        (rules::Prospect::Open, _) | (_, governance::Prospect::Open) => false,
        (rules::Prospect::DeniedOrSilent, governance::Prospect::DeniedOrSilent) => {
            // Where Cedar may still permit the call, the default does not speak.
            snapshot.default_outcome() == Outcome::Deny && !by_cedar::may_permit(snapshot)
        }
    }
}

/// The code and the sentence of what decided: the first restrictor that is as strict as the outcome, else the authorizer.
fn explain(
    snapshot: &PolicySnapshot,
    request: DecisionRequest<'_, '_>,
    said: &[Said],
    authorized: &Authorized,
    outcome: Outcome,
) -> (ReasonCode, Reason) {
    let deciding = said.iter().find(|said| said.outcome() == Some(outcome));
    match deciding.and_then(|said| Some((said.code, said.reason()?.clone()))) {
        Some(told) => told,
        None => authorized.explain(snapshot, request),
    }
}

/// What must be done for the call if it is let through.
fn obligations(
    snapshot: &PolicySnapshot,
    authorized: &Authorized,
    grant: Option<&Grant>,
    score: RiskScore,
    is_registered: bool,
) -> Obligations {
    let mut obligations = authorized.obligations.clone();
    obligations.rate_limit = grant.and_then(|grant| grant.rate_limit);
    let monitored =
        snapshot.governing.risk.as_ref().is_some_and(|model| model.band(score) == Band::Monitoring);
    obligations.monitoring |= is_registered && monitored;
    obligations
}
