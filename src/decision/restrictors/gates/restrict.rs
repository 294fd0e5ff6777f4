//! A call as a proposal for the gates, and what their verdict wants of it.
//!
//! What is known beforehand of a capability comes from the configuration, the rest from what was observed of the caller
//! ([`Observed`]). Where nothing was gathered nothing was observed, which is the stricter reading.

use std::borrow::Cow;

use crate::decision::restrictors::Said;
use crate::decision::restrictors::gates::sentence::{sentence, warning};
use crate::decision::{LiveGates, PolicySnapshot};
use crate::model::call::DecisionRequest;
use crate::model::decision::{
    DriftTier, Engine, Facts, GateFound, GatesFound, Observed, ReasonCode, Restriction, RiskLevel, RiskScore,
    Wanted,
};
use crate::risk::gates::{
    Constants, Drift, DriftCheck, Evaluation, Impact, Phase, Proposal, Status, complexity_gate,
    evaluate_with, familiarity,
};

/// What the gates say of a call, and what they found of it. `level`: of the registered capability; `score`: how dangerous the call
/// looks.
pub(in crate::decision) fn restrict(
    snapshot: &PolicySnapshot,
    request: DecisionRequest<'_, '_>,
    (level, score): (Option<RiskLevel>, RiskScore),
    facts: Facts<'_>,
) -> (Said, Option<Box<GatesFound>>) {
    let engine = Engine::Gates;
    let gating = snapshot.gates();
    let Some(live) = &gating.live else { return (Said::nothing(engine), None) };
    let observed = facts.gates.unwrap_or_default();
    let (impact, evaluation) = evaluate(live, &gating.constants, request, (level, score), observed);
    let restriction = match evaluation.status {
        Status::Proceed => None,
        Status::Pause => Some(Restriction::RequireConfirmation),
        Status::Escalate => Some(Restriction::Escalate),
        Status::Halt => Some(Restriction::Deny),
    };
    let wanted = restriction.map(|restriction| {
        let reason = sentence(&evaluation, impact, &gating.constants);
        (restriction, Wanted { outcome: restriction.into(), reason })
    });
    let said = match &wanted {
        Some((restriction, wanted)) if live.enforced => match restriction {
            Restriction::Deny => Said::denied(engine, code(&evaluation), wanted.reason.as_str()),
            asks => Said::asks(engine, *asks, wanted.reason.as_str()),
        },
        _ => Said::nothing(engine),
    };
    let found = GatesFound {
        gates: evaluation.gates.all().map(|(name, gate)| GateFound {
            name: name.as_str(),
            passed: gate.passed,
            value: gate.value,
            threshold: gate.threshold,
        }),
        observed,
        drift_tier: tier(evaluation.drift),
        drift_warning: gating.constants.drift_warning,
        drift_critical: gating.constants.drift_critical,
        warning: warning(&evaluation, &gating.constants),
        wanted: wanted.map(|(_, wanted)| wanted),
        enforced: live.enforced,
    };
    (said, Some(Box::new(found)))
}

/// Whether [`restrict`] denies the call whatever its parameters are: no shape of them makes a call simple, or its caller's conduct that
/// of before.
pub(in crate::decision) fn deny(
    snapshot: &PolicySnapshot,
    request: DecisionRequest<'_, '_>,
    facts: Facts<'_>,
) -> bool {
    let gating = snapshot.gates();
    let Some(live) = gating.live.as_ref().filter(|live| live.enforced) else { return false };
    let observed = facts.gates.unwrap_or_default();
    let too_complex = || !complexity_gate(signals_of(live, request).complexity).passed;
    tier(drift(observed, &gating.constants)) == Some(DriftTier::Critical) || too_complex()
}

/// The verdict on a call, and how far it reaches.
fn evaluate(
    live: &LiveGates,
    constants: &Constants,
    request: DecisionRequest<'_, '_>,
    (level, score): (Option<RiskLevel>, RiskScore),
    observed: Observed,
) -> (Impact, Evaluation) {
    let signals = signals_of(live, request);
    let impact = signals.impact.unwrap_or_else(|| level.map_or(Impact::Medium, impact_of));
    let subscores = [signals.quality];
    let proposal = Proposal {
        impact,
        phase: Phase::Work,
        // Of a caller that is not known nothing is a jump.
        risk_baseline: unit(observed.risk_before.unwrap_or(score)),
        risk_proposed: unit(score),
        novelty_score: familiarity(observed.seen.into()),
        complexity_score: signals.complexity,
        quality_score: signals.quality,
        quality_subscores: Cow::Borrowed(&subscores),
        reversible: signals.reversible,
        ..Proposal::default()
    };
    (impact, evaluate_with(&proposal, drift(observed, constants), constants))
}

fn signals_of(live: &LiveGates, request: DecisionRequest<'_, '_>) -> crate::decision::Signals {
    live.signals(request.call.action.capability().unwrap_or_default())
}

fn drift(observed: Observed, constants: &Constants) -> DriftCheck {
    observed
        .drift
        .map_or(DriftCheck::NotAsked, |drift| DriftCheck::Compared(Drift::of(drift.nats(), constants)))
}

const fn tier(drift: DriftCheck) -> Option<DriftTier> {
    match drift {
        DriftCheck::Compared(Drift { tier, .. }) => Some(tier),
        DriftCheck::NotAsked | DriftCheck::TooFew { .. } => None,
    }
}

/// Why a call is halted: what it is itself comes before how its caller behaves.
const fn code(evaluation: &Evaluation) -> ReasonCode {
    if evaluation.gates.complexity.passed { ReasonCode::GatesDrift } else { ReasonCode::GatesFailed }
}

const fn impact_of(level: RiskLevel) -> Impact {
    match level {
        RiskLevel::Low => Impact::Low,
        RiskLevel::Medium => Impact::Medium,
        RiskLevel::High => Impact::High,
        RiskLevel::Critical => Impact::Critical,
    }
}

/// A score from 0 to 1.
fn unit(score: RiskScore) -> f64 {
    f64::from(score.as_ten_thousandths()) / 10_000.0
}
