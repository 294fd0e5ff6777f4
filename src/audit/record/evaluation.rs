//! Evaluations of proposed changes: decisions with all that the gates found.
//!
//! Imports `model` and `audit::record`.

use crate::audit::record::{Line, Origin};
use crate::model::call::Principal;
use crate::model::decision::{Outcome, Reason, ReasonCode, RiskLevel};
use crate::model::id::Id;
use crate::model::json::{Json, write_json};
use crate::telemetry::Redaction;

/// `surface` of evaluations, and the route their metrics and records name.
pub const EVALUATION: &str = "evaluation";

/// An evaluation: `kind: "decision"` without a capability, since nothing is called.
#[derive(Clone, Copy, Debug)]
pub struct EvaluationRecord<'r> {
    /// Where it came in.
    pub origin: Origin<'r>,
    /// Its id.
    pub decision_id: &'r Id,
    /// Who asked.
    pub principal: &'r Principal,
    /// For whom, by the caller's own account.
    pub agent_id: &'r str,
    /// What groups evaluations.
    pub session_id: &'r str,
    /// What the change is.
    pub summary: &'r str,
    /// What came of it.
    pub outcome: Outcome,
    /// Why.
    pub code: ReasonCode,
    /// Why, in a sentence.
    pub reason: &'r Reason,
    /// Whether it is to be gone by: not in shadow mode.
    pub enforced: bool,
    /// How far the change reaches.
    pub level: RiskLevel,
    /// All that was asked, so that it can be evaluated again.
    pub asked: &'r Json<'r>,
    /// All that was answered, as JSON text.
    pub answered: &'r str,
}

impl EvaluationRecord<'_> {
    /// The record's members.
    #[must_use]
    pub fn payload(&self, redaction: &Redaction) -> Vec<u8> {
        let mut line = Line::sized("decision", 2048);
        line.principal(self.principal);
        if let Some(person) = &self.principal.person {
            // Who may not override it.
            line.text(",\"person\":", person);
        }
        line.plain(",\"surface\":\"", EVALUATION);
        // They are members of what was asked too, and what hides them there hides them here.
        let shown = |name, text| if redaction.hides(name) { "[REDACTED]" } else { text };
        line.text(",\"session_id\":", shown("session_id", self.session_id));
        line.text(",\"agent_id\":", shown("agent_id", self.agent_id));
        line.text(",\"description\":", shown("proposal_summary", self.summary));
        line.raw(",\"arguments\":", "");
        write_json(self.asked, &|key| redaction.hides(key), &mut line.bytes);
        line.verdict(self.outcome, self.code, self.reason);
        if !self.enforced {
            line.raw(",\"enforced\":false", "");
        }
        line.plain(",\"risk\":{\"level\":\"", self.level.as_str());
        line.raw("},\"evaluation\":", self.answered);
        line.id(",\"decision_id\":\"", self.decision_id);
        line.origin(self.origin);
        line.bytes
    }
}
