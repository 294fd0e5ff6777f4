//! The JSON of the evaluation API.

use serde_json::{Map, Value, json};

use crate::risk::gates::{
    BaselineHash, Constants, Drift, DriftCheck, Evaluation, Explanation, Gate, OVERRIDE_ROLES, Proposal,
    evaluate,
};

/// An evaluation with everything that is said about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// What is decided.
    pub evaluation: Evaluation,
    /// Why, in words.
    pub explanation: Explanation,
    /// The digest of the baseline, in shadow mode and where the proposal brings one.
    pub baseline_hash: Option<BaselineHash>,
}

impl Answer {
    /// Evaluates `proposal` and puts the outcome into words.
    #[must_use]
    pub fn to(proposal: &Proposal<'_>, constants: &Constants) -> Self {
        Self::of(proposal, evaluate(proposal, constants), constants)
    }

    /// Puts `evaluation`, which is that of `proposal` by `constants`, into words.
    #[must_use]
    pub fn of(proposal: &Proposal<'_>, evaluation: Evaluation, constants: &Constants) -> Self {
        let baseline = proposal.drift_baseline.as_deref().filter(|_| evaluation.shadow);
        Self {
            evaluation,
            explanation: Explanation::of(proposal, &evaluation, constants),
            baseline_hash: baseline.map(BaselineHash::of),
        }
    }

    /// The members of the response in the order of the evaluation API document, but for those that only its sender knows: `decision_id`
    /// and `timestamp`, which stand there behind `constraints`, and `_tenant_id` and `_request_id` at the end. Numbers that are not finite are
    /// `null`.
    #[must_use]
    pub fn to_json(&self) -> Map<String, Value> {
        let Self { evaluation, explanation, .. } = self;
        let failing: Vec<&str> = evaluation.gates.failing().map(|gate| gate.as_str()).collect();
        let approvers: &[&str] = if evaluation.override_eligible { &OVERRIDE_ROLES } else { &[] };
        let gates: Map<String, Value> = (evaluation.gates.all().into_iter().zip(&explanation.gates))
            .map(|((name, gate), message)| (name.as_str().to_owned(), gate_json(gate, message)))
            .collect();
        let mut members = Map::with_capacity(17);
        let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
        put("status", evaluation.status.as_str().into());
        put("confidence", evaluation.confidence.into());
        put("gates_passed", (evaluation.gates.all().len() - failing.len()).into());
        put("gates_failed", failing.len().into());
        put("failing_gates", failing.into());
        put("rationale", explanation.rationale.as_str().into());
        put("next_steps", explanation.next_steps.iter().map(AsRef::as_ref).collect());
        put("constraints", explanation.constraints.iter().map(AsRef::as_ref).collect());
        put("override_eligible", evaluation.override_eligible.into());
        put("override_requires", approvers.into());
        put("gates", gates.into());
        if let Some(drift) = evaluation.enforced_drift() {
            put("drift", drift_json(drift, explanation));
        }
        if evaluation.shadow {
            put("shadow_result", self.shadow_json());
        }
        members
    }

    fn shadow_json(&self) -> Value {
        let drift = match self.evaluation.drift {
            DriftCheck::Compared(drift) => drift_json(drift, &self.explanation),
            DriftCheck::NotAsked | DriftCheck::TooFew { .. } => Value::Null,
        };
        json!({
            "shadow_only": true,
            "observation_values": self.evaluation.observations,
            "baseline_hash": self.baseline_hash.map(|hash| hash.to_string()),
            "drift": drift,
        })
    }
}

fn gate_json(gate: &Gate, message: &str) -> Value {
    json!({
        "passed": gate.passed,
        "value": gate.value,
        "threshold": gate.threshold,
        "confidence": gate.confidence,
        "message": message,
    })
}

fn drift_json(drift: Drift, explanation: &Explanation) -> Value {
    json!({
        "status": drift.tier.as_str(),
        "kl_divergence": drift.kl_divergence,
        "action": drift.tier.action(),
        "message": explanation.drift,
    })
}
