//! One line on each gate, and on drift.

use crate::model::decision::DriftTier;
use crate::risk::gates::round::Shown;
use crate::risk::gates::{Constants, Drift, Evaluation, Gate, GateName, Proposal};

/// What `gate`, the gate called `name`, found.
pub(super) fn gate_message(
    name: GateName,
    gate: &Gate,
    proposal: &Proposal<'_>,
    constants: &Constants,
) -> String {
    let Gate { passed, threshold, .. } = *gate;
    let (value, limit) = (Shown(gate.value.unwrap_or(f64::NAN)), Shown(threshold));
    let either = |pass, fail| if passed { pass } else { fail };
    match name {
        GateName::Risk | GateName::Profit => {
            let factor = match name {
                GateName::Risk => constants.risk_trigger_factor,
                _ => constants.profit_trigger_factor,
            };
            let verb = either("does not exceed", "exceeds");
            format!("P({} delta >= {}) = {value} {verb} {limit}", name.as_str(), Shown(factor))
        }
        GateName::Novelty => format!("G(N) = {value} {} {limit}", either("meets", "misses")),
        GateName::Complexity => {
            format!("complexity {value} is {} the floor {limit}", either("at or above", "below"))
        }
        GateName::Quality if proposal.quality_subscores.is_empty() => {
            "no quality subscores were given".to_owned()
        }
        GateName::Quality if proposal.quality_score < threshold => {
            format!("quality {value} is below {limit}")
        }
        GateName::Quality => {
            if passed {
                format!("quality {value} is at or above {limit}")
            } else {
                "a quality subscore is zero".to_owned()
            }
        }
        GateName::Utility => {
            format!("utility lower bound {value} {} {limit}", either("is above", "is not above"))
        }
    }
}

/// How far the divergence is from which bound.
pub(super) fn drift_message(drift: Drift, constants: &Constants) -> String {
    let divergence = Shown(drift.kl_divergence.unwrap_or(f64::NAN));
    let (verb, bound) = match drift.tier {
        DriftTier::Normal => ("does not exceed", constants.drift_warning),
        DriftTier::Warning => ("exceeds", constants.drift_warning),
        DriftTier::Critical => ("exceeds", constants.drift_critical),
    };
    format!("KL divergence {divergence} {verb} {}", Shown(bound))
}

/// The gates that failed, or that none did: one sentence.
pub(super) fn verdicts(evaluation: &Evaluation) -> String {
    let mut sentence = String::new();
    for name in evaluation.gates.failing() {
        sentence.push_str(if sentence.is_empty() { "Failing gates: " } else { ", " });
        sentence.push_str(name.as_str());
    }
    if sentence.is_empty() { "All 6 gates passed.".to_owned() } else { sentence + "." }
}
