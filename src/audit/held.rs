//! Records of calls that wait for a person: what becomes of their holds (`kind: "hold"`), and decisions whose record can only
//! be ended once the hold is found.
//!
//! Imports `model` and `audit::record`.

use crate::audit::record::{DecisionRecord, Line};
use crate::model::call::CallDigest;
use crate::model::decision::{Charged, Engine, Observed, Outcome, Reason, ReasonCode, RiskScore};
use crate::model::id::Id;
use crate::model::time::Timestamp;
use crate::telemetry::Redaction;

/// The record of a decision that wants a person, but for what its hold makes of it.
#[derive(Clone, Debug)]
pub struct HeldDecision {
    before: Vec<u8>,
    after: Vec<u8>,
    digest: CallDigest,
    observed: Option<Observed>,
    score: RiskScore,
}

/// What a hold makes of a decision.
#[derive(Clone, Copy, Debug)]
pub struct HeldOutcome<'r> {
    /// What is done with the call now.
    pub outcome: Outcome,
    /// Why.
    pub code: ReasonCode,
    /// Why, in a sentence.
    pub reason: &'r Reason,
    /// The hold; `None` where there is none.
    pub hold: Option<&'r Id>,
    /// Who approved, where the call is let through.
    pub approved_by: &'r [String],
    /// What letting it through took of its caller's grant.
    pub charged: Option<Charged>,
    /// Whether an earlier decision asked for the hold: the call was observed with that.
    pub repeats: bool,
}

impl DecisionRecord<'_, '_> {
    /// The record, but for what a hold makes of the decision on the call of that digest.
    #[must_use]
    pub fn held(&self, digest: CallDigest, redaction: &Redaction) -> HeldDecision {
        let before = self.begin(redaction);
        let mut after = Line { bytes: Vec::with_capacity(512) };
        self.end(&mut after, redaction);
        let (observed, score) = (self.origin.facts.gates, self.decision.score);
        HeldDecision { before: before.bytes, after: after.bytes, digest, observed, score }
    }
}

impl HeldDecision {
    /// The call.
    #[must_use]
    pub const fn digest(&self) -> CallDigest {
        self.digest
    }

    /// The record's members.
    #[must_use]
    pub fn payload(&self, held: HeldOutcome<'_>) -> Vec<u8> {
        let mut line = Line { bytes: Vec::with_capacity(self.before.len() + self.after.len() + 512) };
        line.bytes.extend_from_slice(&self.before);
        line.verdict(held.outcome, held.code, held.reason);
        line.bytes.extend_from_slice(&self.after);
        if let Some(hold) = held.hold {
            line.id(",\"hold_id\":\"", hold);
        }
        line.plain(",\"call_digest\":\"", &self.digest.to_string());
        if !held.approved_by.is_empty() {
            line.raw(",\"approved_by\":[", "");
            for (index, by) in held.approved_by.iter().enumerate() {
                line.text(if index == 0 { "" } else { "," }, by);
            }
            line.bytes.push(b']');
        }
        line.charge(held.charged);
        line.observed(self.observed, (!held.repeats).then_some(self.score));
        line.bytes
    }
}

/// What became of a hold.
#[derive(Clone, Copy, Debug)]
pub struct HoldRecord<'r> {
    /// Its id.
    pub id: &'r Id,
    /// Where it stands now.
    pub state: &'static str,
    /// The caller's tenant.
    pub tenant: &'r str,
    /// The caller.
    pub actor: &'r str,
    /// What the call would do.
    pub capability: &'r str,
    /// On what, as it may be stored.
    pub resource: &'r str,
    /// REQUIRE_CONFIRMATION or ESCALATE.
    pub wanted: Outcome,
    /// What an approval lifts: engine, rule and outcome.
    pub lifts: &'r [(Engine, Option<&'r str>, Outcome)],
    /// The call.
    pub digest: CallDigest,
    /// The decision that asked.
    pub decision_id: &'r str,
    /// Who changed it; `None`: the gateway.
    pub by: Option<HoldChangedBy<'r>>,
    /// Why, where the gateway did it.
    pub note: Option<&'static str>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Who changed a hold.
#[derive(Clone, Copy, Debug)]
pub struct HoldChangedBy<'r> {
    /// The id of the key.
    pub name: &'r str,
    /// The person who holds it.
    pub person: Option<&'r str>,
    /// The roles it was done in.
    pub roles: &'r [String],
    /// What was said.
    pub comment: Option<&'r str>,
}

impl HoldRecord<'_> {
    /// The record's members.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let mut line = Line::sized("hold", 768);
        line.id(",\"hold_id\":\"", self.id);
        line.plain(",\"state\":\"", self.state);
        line.text(",\"tenant\":", self.tenant);
        line.text(",\"actor\":", self.actor);
        line.text(",\"capability\":", self.capability);
        line.text(",\"resource\":", self.resource);
        line.plain(",\"wanted\":\"", self.wanted.as_str());
        self.lifts(&mut line);
        if let Some(by) = &self.by {
            changed_by(&mut line, by);
        }
        if let Some(note) = self.note {
            line.text(",\"note\":", note);
        }
        line.text(",\"decision_id\":", self.decision_id);
        line.plain(",\"call_digest\":\"", &self.digest.to_string());
        line.plain(",\"expires_at\":\"", &self.expires_at.to_rfc3339());
        line.bytes
    }

    fn lifts(&self, line: &mut Line) {
        line.raw(",\"lifts\":[", "");
        for (index, (engine, rule, outcome)) in self.lifts.iter().enumerate() {
            line.plain(if index == 0 { "{\"engine\":\"" } else { ",{\"engine\":\"" }, engine.as_str());
            if let Some(rule) = rule {
                line.text(",\"rule\":", rule);
            }
            line.plain(",\"outcome\":\"", outcome.as_str());
            line.bytes.push(b'}');
        }
        line.bytes.push(b']');
    }
}

fn changed_by(line: &mut Line, by: &HoldChangedBy<'_>) {
    line.text(",\"by\":", by.name);
    if let Some(person) = by.person {
        line.text(",\"person\":", person);
    }
    if !by.roles.is_empty() {
        line.text(",\"roles\":", &by.roles.join(" "));
    }
    if let Some(comment) = by.comment {
        line.text(",\"comment\":", comment);
    }
}
