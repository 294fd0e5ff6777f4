//! The records of the ledger: which members a line has, in which order.
//!
//! A record is built here, outside the ledger's lock, as a run of JSON members; the ledger puts `seq` and `time` before it
//! and `previous_hash` behind it. Argument values pass [`Redaction`] on their way in; nothing else of a request is stored.

use crate::audit::action::ActionNote;
use crate::model::call::{Action, DecisionRequest, Principal, SessionDigest, ToolCall};
use crate::model::decision::{
    Charged, Decision, Facts, Finding, Outcome, Reason, ReasonCode, SnapshotRef, Wanted,
};
use crate::model::id::Id;
use crate::model::json::{write_json, write_json_string};
use crate::telemetry::Redaction;

/// Where a request came in and what it is called.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'r> {
    /// The route's name.
    pub route: &'r str,
    /// The request's id.
    pub request_id: &'r Id,
    /// The snapshot it was judged under.
    pub snapshot: &'r SnapshotRef,
    /// What its decision used besides.
    pub facts: Facts<'r>,
}

/// A decision on a tool call: `kind: "decision"`.
#[derive(Clone, Copy, Debug)]
pub struct DecisionRecord<'r, 'a> {
    /// Where it came in.
    pub origin: Origin<'r>,
    /// Its id.
    pub decision_id: &'r Id,
    /// What was asked.
    pub request: DecisionRequest<'r, 'a>,
    /// What was answered.
    pub decision: &'r Decision,
    /// Whether the answer is carried out; false on a route in mode `shadow`.
    pub enforced: bool,
    /// Length of the request's body, which is about what its arguments take in the record.
    pub body_bytes: usize,
    /// What it took of its caller's grant and of what all callers share; `None` where it took nothing, or is held.
    pub charged: Option<Charged>,
    /// What is said of an action of the policy server; `None` for calls of the data plane.
    pub action: Option<ActionNote<'r>>,
}

/// Anything else that is forwarded or refused after the caller is known: `kind: "message"` (a protocol message),
/// `"bypass"` (a route in mode `off`), `"refusal"` or `"panic"`.
#[derive(Clone, Copy, Debug)]
pub struct EventRecord<'r> {
    /// Which of them.
    pub kind: &'static str,
    /// Where it came in; `None` before a route was found.
    pub origin: Option<Origin<'r>>,
    /// Who called, once known.
    pub principal: Option<&'r Principal>,
    /// What it is called, as far as known.
    pub capability: Option<&'r str>,
    /// The call itself, where one was read, and what of it must not be stored.
    pub call: Option<(&'r ToolCall<'r>, &'r Redaction)>,
    /// What happened to it.
    pub outcome: Outcome,
    /// Why.
    pub code: ReasonCode,
    /// Why, in a sentence.
    pub reason: &'r Reason,
}

/// A snapshot put in force: `kind: "snapshot"`.
#[derive(Clone, Copy, Debug)]
pub struct SnapshotRecord<'r> {
    /// Version and hash of the snapshot.
    pub snapshot: &'r SnapshotRef,
    /// What brought it: `start`, `file`, `signal`, `api`, `rollback`.
    pub source: &'r str,
    /// Who brought it, where somebody did.
    pub by: Option<&'r str>,
    /// How many rules it has.
    pub rules: usize,
    /// How many routes it has.
    pub routes: usize,
    /// How many governance objects hold in it.
    pub objects: usize,
    /// The version whose content came back with it, where one did.
    pub back_to: Option<u64>,
}

/// What a decision's record is expected to need beside its arguments.
const FRAME_BYTES: usize = 700;
/// What most records fit in; the allocator is quickest up to here.
const USUAL_BYTES: usize = 1024;

impl DecisionRecord<'_, '_> {
    /// The record's members.
    #[must_use]
    pub fn payload(&self, redaction: &Redaction) -> Vec<u8> {
        let mut line = self.begin(redaction);
        line.verdict(self.decision.outcome, self.decision.code, &self.decision.reason);
        self.end(&mut line, redaction);
        line.charge(self.charged);
        line.observed(self.origin.facts.gates, Some(self.decision.score));
        line.bytes
    }

    /// What stands before the outcome.
    pub(in crate::audit) fn begin(&self, redaction: &Redaction) -> Line {
        let mut line = Line::sized("decision", (FRAME_BYTES + self.body_bytes).max(USUAL_BYTES));
        let call = self.request.call;
        line.principal(self.request.principal);
        line.whereabouts(&self.request, redaction);
        match &call.action {
            Action::Named(name) | Action::Tunnel(name) | Action::Shared(name) => {
                line.plain(",\"capability\":\"", name.as_str())
            }
            Action::Verbatim(text) => line.text(",\"capability\":", text),
            Action::Unnamed { tool, .. } => line.text(",\"tool\":", tool),
        }
        line.object(call, redaction);
        if let Some(note) = &self.action {
            line.action(note, redaction);
        }
        line
    }

    /// What stands behind it.
    pub(in crate::audit) fn end(&self, line: &mut Line, redaction: &Redaction) {
        if !self.enforced {
            line.raw(",\"enforced\":false", "");
        }
        line.findings(&self.decision.findings);
        if let Some(found) = &self.decision.cedar {
            line.cedar(found);
            line.claims(&self.request.principal.claims, redaction);
        }
        line.plain(",\"risk\":{\"level\":\"", self.decision.risk.as_str());
        line.score(self.decision.score);
        line.obligations(&self.decision.obligations);
        if let Some(environment) = self.request.context.environment {
            line.text(",\"environment\":", environment);
        }
        line.id(",\"decision_id\":\"", self.decision_id);
        line.origin(self.origin);
        // A start finds by it whose history the record goes on with; policies of Cedar may ask whether a call has a session.
        let wanted = self.origin.facts.history.is_some() || self.decision.cedar.is_some();
        if let Some(session) = self.request.session.filter(|_| wanted) {
            line.plain(",\"session\":\"", &SessionDigest::of(session).to_string());
        }
    }
}

impl EventRecord<'_> {
    /// The record's members.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let mut line = Line::new(self.kind);
        if let Some(principal) = self.principal {
            line.principal(principal);
        }
        if let Some(capability) = self.capability {
            line.text(",\"capability\":", capability);
        }
        if let Some((call, redaction)) = self.call {
            line.object(call, redaction);
        }
        line.verdict(self.outcome, self.code, self.reason);
        if let Some(origin) = self.origin {
            line.origin(origin);
        }
        line.bytes
    }
}

impl SnapshotRecord<'_> {
    /// The record's members.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let mut line = Line::new("snapshot");
        line.plain(",\"source\":\"", self.source);
        if let Some(by) = self.by {
            line.text(",\"by\":", by);
        }
        line.raw(",\"rules\":", &self.rules.to_string());
        line.raw(",\"routes\":", &self.routes.to_string());
        line.raw(",\"objects\":", &self.objects.to_string());
        if let Some(version) = self.back_to {
            line.raw(",\"back_to\":", &version.to_string());
        }
        line.raw(",\"snapshot\":", self.snapshot.as_json());
        line.bytes
    }
}

/// A run of JSON members being written. Each key comes with its punctuation as one constant, so that a member is two or
/// three copies.
#[derive(Debug)]
pub(in crate::audit) struct Line {
    pub(in crate::audit) bytes: Vec<u8>,
}

impl Line {
    pub(in crate::audit) fn new(kind: &'static str) -> Self {
        Self::sized(kind, USUAL_BYTES)
    }

    /// A line that is expected to need so many bytes.
    pub(in crate::audit) fn sized(kind: &'static str, bytes: usize) -> Self {
        let mut line = Self { bytes: Vec::with_capacity(bytes) };
        line.plain("\"kind\":\"", kind);
        line
    }

    /// A member whose value needs escaping; `key` is all up to the value.
    pub(in crate::audit) fn text(&mut self, key: &'static str, value: &str) {
        self.bytes.extend_from_slice(key.as_bytes());
        write_json_string(value, &mut self.bytes);
    }

    /// A member whose value is one of our own words; `key` is all up to its first letter.
    pub(in crate::audit) fn plain(&mut self, key: &'static str, value: &str) {
        self.raw(key, value);
        self.bytes.push(b'"');
    }

    /// A member whose value is JSON already; `key` is all up to the value.
    pub(in crate::audit) fn raw(&mut self, key: &'static str, value: &str) {
        self.bytes.extend_from_slice(key.as_bytes());
        self.bytes.extend_from_slice(value.as_bytes());
    }

    pub(in crate::audit) fn id(&mut self, key: &'static str, id: &Id) {
        self.bytes.extend_from_slice(key.as_bytes());
        id.write(&mut self.bytes);
        self.bytes.push(b'"');
    }

    pub(super) fn principal(&mut self, principal: &Principal) {
        self.text(",\"tenant\":", &principal.tenant);
        self.text(",\"actor\":", &principal.id);
        self.plain(",\"actor_type\":\"", principal.kind.as_str());
        if let Some(key) = &principal.key {
            self.text(",\"key\":", key);
        }
    }

    fn findings(&mut self, findings: &[Finding]) {
        self.raw(",\"findings\":[", "");
        for (index, finding) in findings.iter().enumerate() {
            let open = if index == 0 { "{\"engine\":\"" } else { ",{\"engine\":\"" };
            self.plain(open, finding.engine.as_str());
            if let Some(outcome) = finding.outcome {
                self.plain(",\"outcome\":\"", outcome.as_str());
            }
            if let Some(rule) = &finding.rule {
                self.text(",\"rule\":", rule);
            }
            if let Some(source) = &finding.source {
                self.text(",\"source\":", source);
            }
            if let Some(error) = &finding.error {
                self.text(",\"error\":", error.as_str());
            }
            if let Some(Wanted { outcome, reason }) = &finding.would_have {
                self.plain(",\"would_have\":\"", outcome.as_str());
                self.text(",\"reason\":", reason.as_str());
            }
            if let Some(warning) = &finding.warning {
                self.text(",\"warning\":", warning.as_str());
            }
            self.bytes.push(b'}');
        }
        self.bytes.push(b']');
    }

    /// What a call is about and what it is made with.
    fn object(&mut self, call: &ToolCall<'_>, redaction: &Redaction) {
        // A resource made of a redacted argument is the argument.
        let resource = if call.resource_hidden { "[REDACTED]" } else { &call.resource };
        self.text(",\"resource\":", resource);
        self.raw(",\"arguments\":", "");
        write_json(&call.parameters.to_json(), &|key| redaction.hides(key), &mut self.bytes);
    }

    pub(in crate::audit) fn verdict(&mut self, outcome: Outcome, code: ReasonCode, reason: &Reason) {
        self.plain(",\"outcome\":\"", outcome.as_str());
        self.plain(",\"code\":\"", code.as_str());
        self.text(",\"reason\":", reason.as_str());
    }

    pub(super) fn origin(&mut self, origin: Origin<'_>) {
        self.text(",\"route\":", origin.route);
        self.id(",\"request_id\":\"", origin.request_id);
        self.raw(",\"facts\":{\"now\":\"", "");
        origin.facts.now.write_rfc3339(&mut self.bytes);
        self.bytes.push(b'"');
        self.counts(origin.facts);
        if let Some(history) = origin.facts.history {
            self.history(history);
        }
        self.raw("},\"snapshot\":", origin.snapshot.as_json());
    }
}
