//! What a proposer is answered.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::control::dto::ledger::SnapshotForm;
use crate::gateway::{HoldNote, ProposalAnswer};
use crate::model::decision::{Obligations, RateLimit, Report};
use crate::model::id::Id;

/// What the ids of records begin with, before the id of their decision.
const AUDIT: &str = "aud_";

/// The decision on a proposal.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "ProposalDecision")]
pub(in crate::control) struct ProposalForm {
    /// Its id.
    decision_id: String,
    /// ALLOW, REQUIRE_CONFIRMATION, ESCALATE or DENY.
    outcome: &'static str,
    /// Why, in a sentence.
    reason: String,
    /// How dangerous the action looks.
    #[schemars(range(min = 0.0, max = 1.0))]
    risk_score: f64,
    /// What must be done for the action besides: empty unless it is allowed.
    constraints: Map<String, Value>,
    /// When it was decided.
    #[schemars(extend("format" = "date-time"))]
    timestamp: String,
    /// What its record is named by.
    audit_ref: String,
    /// Why, for programs.
    code: &'static str,
    /// What was in force.
    snapshot: SnapshotForm,
    /// The hold that people must approve before the same proposal, with its id as `confirmation_token`, is allowed once.
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmation: Option<ConfirmationForm>,
}

/// What is to be approved.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Confirmation")]
struct ConfirmationForm {
    /// The hold, and the `confirmation_token` of the repeated proposal.
    hold_id: String,
    /// `pending`, `approved` and so on.
    state: &'static str,
    /// When it ends.
    #[schemars(extend("format" = "date-time"))]
    expires_at: String,
    /// Where it can be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

/// A report that was taken.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "ReportTaken")]
pub(in crate::control) struct ReportForm {
    /// The decision.
    decision_id: String,
    /// How it ended.
    status: &'static str,
    /// Always true: it is in the ledger.
    recorded: bool,
}

impl ProposalForm {
    pub(in crate::control) fn of(answer: ProposalAnswer) -> Self {
        Self {
            decision_id: answer.decision_id.to_string(),
            outcome: answer.outcome.as_str(),
            reason: answer.reason,
            risk_score: answer.score.to_f64(),
            constraints: constraints(&answer.obligations),
            timestamp: answer.at.to_rfc3339(),
            audit_ref: Id::with_prefix(answer.decision_id, AUDIT).to_string(),
            code: answer.code.as_str(),
            snapshot: SnapshotForm::of(&answer.snapshot),
            confirmation: answer.hold.map(ConfirmationForm::of),
        }
    }
}

impl ConfirmationForm {
    fn of(note: HoldNote) -> Self {
        Self {
            hold_id: note.id.to_string(),
            state: note.state,
            expires_at: note.expires_at.to_rfc3339(),
            url: note.link,
        }
    }
}

impl ReportForm {
    pub(in crate::control) fn of(report: &Report) -> Self {
        Self { decision_id: report.decision_id.clone(), status: report.status.as_str(), recorded: true }
    }
}

/// Obligations as callers see them.
fn constraints(obligations: &Obligations) -> Map<String, Value> {
    let mut members = Map::new();
    let mut add = |name: &str, value: Value| members.insert(name.to_owned(), value);
    if let Some(RateLimit { max_requests, window_s }) = obligations.rate_limit {
        add("rate_limit", json!({"max_requests": max_requests, "window_seconds": window_s}));
    }
    if let Some(bytes) = obligations.max_response_bytes {
        add("max_response_bytes", json!(bytes));
    }
    if !obligations.redact_response.is_empty() {
        let pointers: Vec<String> = obligations.redact_response.iter().map(ToString::to_string).collect();
        add("redact_response", json!(pointers));
    }
    for (name, is_set) in [("read_only", obligations.read_only), ("monitoring", obligations.monitoring)] {
        if is_set {
            add(name, json!(true));
        }
    }
    members
}
