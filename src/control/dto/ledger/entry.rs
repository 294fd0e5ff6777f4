//! A record in the audit log.

use schemars::JsonSchema;
use serde::Serialize;

use crate::audit::index::Call;
use crate::control::dto::ledger::line::Line;

/// Event types that are published under another name than that of the kind of record they are.
const EVENTS: [(&str, &str); 4] = [
    ("decision", "governance.decision"),
    ("report", "governance.execution"),
    ("grant.created", "actor.grant.created"),
    ("grant.revoked", "actor.grant.revoked"),
];

/// The event type of a kind of record: the kind itself, unless there is another name for it.
fn event_of(kind: &str) -> &str {
    EVENTS.iter().find(|(known, _)| *known == kind).map_or(kind, |(_, event)| event)
}

/// The kind of record of an event type; a kind is taken as it is.
pub(in crate::control) fn kind_of(event: &str) -> &str {
    EVENTS.iter().find(|(_, known)| *known == event).map_or(event, |(kind, _)| kind)
}

/// An entry of the audit log.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "AuditEntry")]
pub(in crate::control) struct EntryForm {
    /// What the record is named by.
    id: String,
    /// What happened.
    event_type: String,
    /// The kind of record.
    kind: String,
    /// When it was recorded.
    #[schemars(extend("format" = "date-time"))]
    timestamp: String,
    actor_id: Option<String>,
    capability: Option<String>,
    resource: Option<String>,
    outcome: Option<String>,
    /// The reason code.
    code: Option<String>,
    /// Why, in a sentence.
    reason: Option<String>,
    risk_score: Option<f64>,
    decision_id: Option<String>,
    hold_id: Option<String>,
    /// The rules that spoke.
    policies_evaluated: Vec<String>,
    /// The one that weighed most.
    policy_matched: Option<String>,
    /// Who did it, where a person or a key did.
    by: Option<String>,
    /// What was changed, of a record of a change.
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<ChangedForm>,
    /// The log the record is in: that of one start of the gateway.
    epoch: String,
    /// Its number in that log.
    seq: u64,
    /// SHA-256 of its line, which the next record names.
    hash: String,
    /// The hash of the record before it.
    previous_hash: String,
}

/// What was changed.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "ChangedObject")]
struct ChangedForm {
    /// Its id.
    id: String,
    /// What it is called, where it has a name.
    name: Option<String>,
    /// Whose it is; `null` = everybody's.
    tenant: Option<String>,
    /// Its status from then on, or whether the kill switch is `active`, where it has one.
    status: Option<String>,
    /// Its version from then on; `null` where it is there no more.
    version: Option<u64>,
    /// SHA-256 of what is written of it.
    digest: Option<String>,
}

/// A page of the audit log.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "AuditPage")]
pub(in crate::control) struct EntryPage {
    /// The newest first.
    pub(in crate::control) entries: Vec<EntryForm>,
    /// How many match, on all pages.
    pub(in crate::control) total: u64,
    /// Where the next page begins; `null` on the last.
    pub(in crate::control) cursor: Option<String>,
}

impl EntryForm {
    /// The entry of a record; `None` for a line that is none.
    pub(in crate::control) fn of(call: &Call) -> Option<Self> {
        let line = Line::of(call)?;
        let (policies_evaluated, policy_matched) = line.rules();
        Some(Self {
            id: line.reference(call),
            event_type: event_of(&line.kind).to_owned(),
            capability: line.called().map(str::to_owned),
            risk_score: line.score(),
            policies_evaluated,
            policy_matched,
            epoch: call.at.epoch.to_string(),
            seq: line.seq,
            hash: call.hash().as_str().to_owned(),
            kind: line.kind,
            timestamp: line.time,
            actor_id: line.actor,
            resource: line.resource,
            outcome: line.outcome,
            code: line.code,
            reason: line.reason,
            decision_id: line.decision_id,
            hold_id: line.hold_id,
            object: line.id.map(|id| ChangedForm {
                id,
                name: line.name,
                tenant: line.tenant,
                status: line.status,
                version: line.version,
                digest: line.digest,
            }),
            by: line.by,
            previous_hash: line.previous_hash,
        })
    }
}
