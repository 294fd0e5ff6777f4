//! What a policy says of an action, as the verbs that only ask show it.

use serde_json::{Value, json};

use crate::decision::Explanation;
use crate::model::decision::{Engine, Outcome, RiskLevel};

/// What stands for the rule where none decided.
pub(super) const DEFAULT_RULE: &str = "<default>";

/// The answer to one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) outcome: Outcome,
    pub(super) rule: String,
    pub(super) risk: RiskLevel,
    pub(super) reason: String,
    /// The rule over sessions that has something against it.
    pub(super) plan_rule: Option<String>,
}

impl Answer {
    pub(super) fn of(explanation: &Explanation) -> Self {
        let decision = &explanation.decision;
        let plan = decision.findings.iter().find(|finding| finding.engine == Engine::Plan);
        Self {
            plan_rule: plan.and_then(|plan| plan.rule.as_deref()).map(str::to_owned),
            outcome: decision.outcome,
            rule: decision.rule.as_deref().unwrap_or(DEFAULT_RULE).to_owned(),
            risk: decision.risk,
            reason: decision.reason.as_str().to_owned(),
        }
    }

    /// The answer's members, named as the policy server names them.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "approval": self.approval(),
            "outcome": self.outcome.as_str(),
            "is_allowed": self.outcome != Outcome::Deny,
            "risk_level": self.risk.as_str().to_ascii_uppercase(),
            "matched_rule": self.rule,
            "plan_rule": self.plan_rule,
            "reason": self.reason,
        })
    }

    pub(super) const fn approval(&self) -> &'static str {
        self.outcome.approval_word()
    }

    /// In a few words: `block (no_deletes, critical)`.
    pub(super) fn in_short(&self) -> String {
        let plan = self.plan_rule.as_ref().map(|plan| format!(", plan rule {plan}")).unwrap_or_default();
        format!("{} ({}, {}{plan})", self.approval(), self.rule, self.risk.as_str())
    }

    /// Whether the other says the same, whatever its sentence.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        self.in_short() == other.in_short()
    }
}
