//! Why the evaluation came out as it did, and what holds because of it.

use std::borrow::Cow;

use crate::risk::gates::round::Shown;
use crate::risk::gates::texts::messages::{drift_message, gate_message, verdicts};
use crate::risk::gates::texts::steps::next_steps;
use crate::risk::gates::{COMPLEXITY_FLOOR, Constants, DriftCheck, Evaluation, Impact, Proposal, Status};

/// The words of an evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Why this status.
    pub rationale: String,
    /// What to do now, in order.
    pub next_steps: Vec<Cow<'static, str>>,
    /// What limits the decision.
    pub constraints: Vec<Cow<'static, str>>,
    /// A line on each gate, in the order of [`Gates::all`](crate::risk::gates::Gates::all).
    pub gates: [String; 6],
    /// A line on drift, where there was a comparison.
    pub drift: Option<String>,
}

impl Explanation {
    /// Puts `evaluation`, which is that of `proposal` by `constants`, into words.
    #[must_use]
    pub fn of(proposal: &Proposal<'_>, evaluation: &Evaluation, constants: &Constants) -> Self {
        let drift = match evaluation.drift {
            DriftCheck::Compared(drift) => Some(drift_message(drift, constants)),
            DriftCheck::NotAsked | DriftCheck::TooFew { .. } => None,
        };
        Self {
            rationale: rationale(proposal, evaluation),
            next_steps: next_steps(proposal, evaluation, constants),
            constraints: constraints(evaluation, drift.as_deref(), constants),
            gates: evaluation.gates.all().map(|(name, gate)| gate_message(name, gate, proposal, constants)),
            drift,
        }
    }
}

fn rationale(proposal: &Proposal<'_>, evaluation: &Evaluation) -> String {
    let verdicts = verdicts(evaluation);
    match evaluation.status {
        Status::Halt if !evaluation.gates.complexity.passed => {
            format!("Complexity is below the floor, which cannot be overridden. {verdicts}")
        }
        Status::Halt => format!("Critical drift from the baseline, which cannot be overridden. {verdicts}"),
        Status::Escalate => format!("{verdicts} Escalated because of {}.", reasons(proposal)),
        Status::Pause if proposal.needs_approval() => {
            format!("{verdicts} Human approval is needed: {}.", reasons(proposal))
        }
        Status::Pause | Status::Proceed => verdicts,
    }
}

/// Why the proposal is a person's to decide, whatever the gates say.
fn reasons(proposal: &Proposal<'_>) -> String {
    let impact = match proposal.impact {
        Impact::Critical => "critical impact",
        _ => "high impact",
    };
    let all = [
        (proposal.impact.escalates(), impact),
        (!proposal.reversible, "irreversible change"),
        (proposal.requires_human_approval, "requested by the caller"),
    ];
    let mut text = String::new();
    for (_, reason) in all.into_iter().filter(|(applies, _)| *applies) {
        text.push_str(if text.is_empty() { "" } else { ", " });
        text.push_str(reason);
    }
    text
}

fn constraints(
    evaluation: &Evaluation,
    drift_message: Option<&str>,
    constants: &Constants,
) -> Vec<Cow<'static, str>> {
    let mut constraints = Vec::new();
    let complexity = evaluation.gates.complexity;
    if !complexity.passed {
        let score = Shown(complexity.value.unwrap_or(f64::NAN));
        constraints.push(format!("complexity floor not met: {score} < {}", Shown(COMPLEXITY_FLOOR)).into());
    }
    if let (Some(drift), Some(message)) = (evaluation.enforced_drift(), drift_message) {
        constraints.push(format!("drift {}: {message}", drift.tier.as_str()).into());
    }
    match evaluation.drift {
        // In shadow mode nothing about drift constrains the decision, so nothing is missing either.
        DriftCheck::TooFew { values } if !evaluation.shadow => {
            let needed = constants.drift_baseline_minimum;
            constraints
                .push(format!("drift not evaluated: {values} baseline values, {needed} needed").into());
        }
        _ => {}
    }
    if evaluation.shadow {
        constraints.push("shadow mode: this decision is not enforced".into());
    }
    constraints
}
