//! What to do after an evaluation, by status, phase and what failed.

use std::borrow::Cow;

use crate::risk::gates::round::Shown;
use crate::risk::gates::{Constants, Evaluation, GateName, Phase, Proposal, Status};

/// The steps, in order: hurry, what the status asks for, a remedy for each failing gate, what to do about drift, how to override, and to come
/// again.
pub(super) fn next_steps(
    proposal: &Proposal<'_>,
    evaluation: &Evaluation,
    constants: &Constants,
) -> Vec<Cow<'static, str>> {
    let mut steps: Vec<Cow<'static, str>> = Vec::with_capacity(6);
    if proposal.time_sensitive && evaluation.status != Status::Proceed {
        steps.push("Ask for an expedited review".into());
    }
    let phase = proposal.phase.as_str();
    match evaluation.status {
        Status::Proceed => {
            steps.push(onward(proposal.phase).into());
            steps.push("Watch drift after the change".into());
        }
        Status::Halt => steps.push(format!("Stop the {phase} phase").into()),
        Status::Escalate => {
            steps.push(format!("Escalate to the risk lead before the {phase} phase continues").into());
        }
        Status::Pause if proposal.needs_approval() => {
            steps.push(format!("Get human approval before the {phase} phase continues").into());
        }
        Status::Pause => {}
    }
    steps.extend(evaluation.gates.failing().map(|gate| remedy(gate, constants)));
    let drifted = evaluation.drift_is_critical();
    if drifted {
        steps.push("Recalibrate the drift baseline".into());
    }
    if evaluation.override_eligible {
        steps.push("To override, prepare a justification for both key holders".into());
    }
    if drifted || !evaluation.gates.all_passed() {
        steps.push("Submit the proposal again".into());
    }
    steps
}

const fn onward(phase: Phase) -> &'static str {
    match phase {
        Phase::Plan => "Move on to the commit phase",
        Phase::Commit => "Carry out the committed change",
        Phase::Work => "Go on with the work and record the outcome",
    }
}

/// What would make a gate pass. Gates whose constants were changed name their own numbers.
fn remedy(gate: GateName, constants: &Constants) -> Cow<'static, str> {
    let default = Constants::default();
    match gate {
        GateName::Risk => "Lower the projected risk, or support a lower estimate with evidence".into(),
        GateName::Profit => "Support the projected profit change with evidence; it is unusually large".into(),
        GateName::Novelty
            if constants.novelty_midpoint == default.novelty_midpoint
                && constants.novelty_steepness == default.novelty_steepness
                && constants.novelty_threshold == default.novelty_threshold =>
        {
            "Check novelty_score: the gate opens at 0.838629 with the default parameters".into()
        }
        GateName::Novelty => format!(
            "Check novelty_score: the gate opens where G(N) is {}",
            Shown(constants.novelty_threshold)
        )
        .into(),
        GateName::Complexity => "Redesign the change until complexity_score is at least 0.5".into(),
        GateName::Quality => {
            let least = Shown(constants.quality_minimum);
            format!("Raise quality_score to at least {least} and leave no subscore at zero").into()
        }
        GateName::Utility if constants.utility_threshold == 0.0 => {
            "Raise the expected benefit or cut the risk until the utility bound is above zero".into()
        }
        GateName::Utility => {
            let bound = Shown(constants.utility_threshold);
            format!("Raise the expected benefit or cut the risk until the utility bound is above {bound}")
                .into()
        }
    }
}
