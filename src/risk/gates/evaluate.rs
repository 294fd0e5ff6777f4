//! From a proposal to what is to happen with it.

use crate::risk::gates::{
    Constants, DriftCheck, Evaluation, Gates, Posterior, Proposal, Status, complexity_gate, novelty_gate,
    quality_gate, relative_change, trigger_gate, utility_gate,
};

/// Asks all six gates, compares with the proposal's baseline where it brings one, and decides. `constants` have passed
/// [`Constants::check`].
#[must_use]
pub fn evaluate(proposal: &Proposal<'_>, constants: &Constants) -> Evaluation {
    evaluate_with(proposal, DriftCheck::of(proposal, constants), constants)
}

/// The same with drift that was measured elsewhere, say on live traffic; the proposal's own baseline is not looked at.
#[must_use]
pub fn evaluate_with(proposal: &Proposal<'_>, drift: DriftCheck, constants: &Constants) -> Evaluation {
    let gates = ask(proposal, constants);
    let mut evaluation = Evaluation {
        status: Status::Proceed,
        confidence: least(gates.risk.confidence, gates.profit.confidence),
        gates,
        drift,
        shadow: proposal.shadow_mode,
        observations: proposal.observations(),
        override_eligible: false,
    };
    evaluation.status = decide(&evaluation, proposal);
    // Only failed gates can be overridden: a person's plain approval is what a pause or an escalation without any waits for.
    evaluation.override_eligible = evaluation.status != Status::Halt && !gates.all_passed();
    evaluation
}

/// Whether the gates do what they should: a change that is familiar, simple and good, with hardly any risk, goes on. A health check asks.
#[must_use]
pub fn works() -> bool {
    let profile = Proposal {
        risk_baseline: 0.02,
        risk_proposed: 0.04,
        profit_baseline: 0.98,
        profit_proposed: 0.98,
        novelty_score: 0.85,
        complexity_score: 0.75,
        quality_score: 0.85,
        ..Proposal::default()
    };
    evaluate(&profile, &Constants::default()).status == Status::Proceed
}

/// All six, whatever the first ones find: an answer names every reason at once.
fn ask(proposal: &Proposal<'_>, constants: &Constants) -> Gates {
    let posterior =
        |baseline, proposed, epsilon| Posterior::of(relative_change(baseline, proposed, epsilon), constants);
    let risk = posterior(proposal.risk_baseline, proposal.risk_proposed, constants.risk_epsilon);
    let profit = posterior(proposal.profit_baseline, proposal.profit_proposed, constants.profit_epsilon);
    Gates {
        risk: trigger_gate(&risk, constants.risk_trigger_factor, constants),
        profit: trigger_gate(&profit, constants.profit_trigger_factor, constants),
        novelty: novelty_gate(proposal.novelty_score, constants),
        complexity: complexity_gate(proposal.complexity_score),
        quality: quality_gate(proposal.quality_score, &proposal.quality_subscores, constants),
        utility: utility_gate(proposal, &risk, &profit, constants),
    }
}

/// The first that applies: what nobody can override, then what is a person's by its reach, then what somebody can mend or approve.
fn decide(evaluation: &Evaluation, proposal: &Proposal<'_>) -> Status {
    if !evaluation.gates.complexity.passed || evaluation.drift_is_critical() {
        Status::Halt
    } else if proposal.impact.escalates() {
        Status::Escalate
    } else if !evaluation.gates.all_passed() || proposal.needs_approval() {
        Status::Pause
    } else {
        Status::Proceed
    }
}

/// The smaller of two confidences; one that is not finite does not count.
fn least(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
