//! The sentences that tell what the gates want of a call, and why, and what they warn of: gates, numbers and thresholds, and no value of an
//! argument.

use std::fmt::Write as _;

use crate::model::decision::{DriftTier, Reason};
use crate::risk::gates::{
    Constants, Drift, DriftCheck, Evaluation, Gate, GateName, Impact, NoveltyDirection, Status,
};

/// What is wanted of a call with that verdict, which is not to proceed, and why.
pub(super) fn sentence(evaluation: &Evaluation, impact: Impact, constants: &Constants) -> Reason {
    let mut reasons: Vec<String> = Vec::new();
    // What decides stands first.
    if let DriftCheck::Compared(Drift { kl_divergence: Some(nats), .. }) = evaluation.drift
        && evaluation.drift_is_critical()
    {
        reasons.push(format!(
            "the caller's newest calls differ from those before: drift is {nats}, above {}",
            constants.drift_critical
        ));
    }
    if impact.escalates() {
        reasons.push(format!("its impact is {}", impact.as_str()));
    }
    let mut failing: Vec<_> = evaluation.gates.all().into_iter().filter(|(_, gate)| !gate.passed).collect();
    failing.sort_by_key(|(name, _)| *name != GateName::Complexity);
    reasons.extend(failing.into_iter().map(|(name, gate)| failure(name, gate, constants)));
    if reasons.is_empty() {
        reasons.push("it cannot be undone".to_owned());
    }
    let wanted = match evaluation.status {
        Status::Halt if !evaluation.gates.complexity.passed => "Blocked, and nobody can approve it",
        Status::Halt => "Blocked",
        Status::Escalate => "The escalation roles have to approve this call",
        Status::Pause | Status::Proceed => "A person has to approve this call",
    };
    Reason::new(&format!("{wanted}: {}.", reasons.join("; ")))
}

/// That the caller's conduct begins to change, where it does: the specification's `alert_and_continue`, which restricts nothing.
pub(super) fn warning(evaluation: &Evaluation, constants: &Constants) -> Option<Reason> {
    let DriftCheck::Compared(Drift { tier: DriftTier::Warning, kl_divergence: Some(nats) }) =
        evaluation.drift
    else {
        return None;
    };
    let (warning, critical) = (constants.drift_warning, constants.drift_critical);
    Some(Reason::new(&format!(
        "The caller's newest calls begin to differ from those before: drift is {nats}, above {warning}. Above {critical} calls are blocked."
    )))
}

/// Why a call does not pass a gate.
fn failure(name: GateName, gate: &Gate, constants: &Constants) -> String {
    let mut said = name.as_str().to_owned();
    let Some(value) = gate.value else {
        said.push_str(" cannot be told");
        return said;
    };
    let at_most = constants.novelty_direction == NoveltyDirection::AtMost;
    let side = match name {
        GateName::Risk | GateName::Profit => "above",
        GateName::Novelty if at_most => "above",
        GateName::Novelty | GateName::Complexity | GateName::Quality => "below",
        GateName::Utility => "not above",
    };
    // Writing to a string does not fail.
    let _written = write!(said, " is {value}, {side} {}", gate.threshold);
    said
}
