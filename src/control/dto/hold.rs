//! A hold, as its approvers see it.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::holds::{Approval, Decided, Hold, Lift};
use crate::model::time::Timestamp;

/// A hold in an answer.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Hold")]
pub(in crate::control) struct HoldForm<'h> {
    hold_id: String,
    state: &'static str,
    tenant: &'h str,
    actor: &'h str,
    actor_type: &'static str,
    route: &'h str,
    capability: &'h str,
    resource: &'h str,
    /// `null` where they are too long to be kept.
    #[schemars(with = "Value")]
    arguments: Option<Box<RawValue>>,
    /// Their length where they are not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments_bytes: Option<usize>,
    hidden_fields: usize,
    outcome: &'static str,
    reason: &'h str,
    findings: Vec<FindingForm<'h>>,
    /// Those that must approve; none: one approver is enough.
    roles: Vec<&'h str>,
    approvals: Vec<ApprovalForm<'h>>,
    decided: Option<DecidedForm<'h>>,
    waiting: usize,
    decision_id: &'h str,
    call_digest: String,
    snapshot_version: u64,
    consumed_by: Option<&'h str>,
    created_at: String,
    expires_at: String,
}

/// A page of holds in an answer.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "HoldPage")]
pub(in crate::control) struct HoldPageForm<'h> {
    pub(in crate::control) holds: Vec<HoldForm<'h>>,
    /// How many there are on all pages.
    pub(in crate::control) total: u64,
    /// Where the next page begins.
    pub(in crate::control) cursor: Option<String>,
}

/// What an approval lifts.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "HoldFinding")]
struct FindingForm<'h> {
    engine: &'static str,
    rule: Option<&'h str>,
    outcome: &'static str,
}

#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "HoldApproval")]
struct ApprovalForm<'h> {
    by: &'h str,
    /// The role it fills; `null` where none is asked for.
    role: Option<&'h str>,
    at: String,
    comment: Option<&'h str>,
}

#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "HoldDecision")]
struct DecidedForm<'h> {
    by: &'h str,
    at: String,
    comment: Option<&'h str>,
}

impl<'h> HoldForm<'h> {
    /// `hold` as it stands at `now`, with `waiting` requests that wait for it.
    pub(in crate::control) fn new(hold: &'h Hold, waiting: usize, now: Timestamp) -> Self {
        let ask = &hold.ask;
        let filled = hold.filled_roles();
        let arguments = ask.arguments.json.clone().and_then(|json| RawValue::from_string(json).ok());
        Self {
            hold_id: hold.id.to_string(),
            state: hold.state_at(now).as_str(),
            tenant: &ask.tenant,
            actor: &ask.actor,
            actor_type: ask.actor_kind.as_str(),
            route: &ask.route,
            capability: &ask.capability,
            resource: &ask.resource,
            arguments_bytes: arguments.is_none().then_some(ask.arguments.bytes),
            arguments,
            hidden_fields: ask.arguments.hidden_fields,
            outcome: ask.outcome.as_str(),
            reason: &ask.reason,
            findings: ask.lifts.iter().map(FindingForm::of).collect(),
            roles: ask.roles.iter().map(|role| &**role).collect(),
            approvals: hold.approvals.iter().map(|approval| ApprovalForm::of(approval, &filled)).collect(),
            decided: hold.decided.as_ref().map(DecidedForm::of),
            waiting,
            decision_id: &ask.decision_id,
            call_digest: ask.digest.to_string(),
            snapshot_version: ask.snapshot_version,
            consumed_by: hold.consumed_by.as_deref(),
            created_at: ask.created_at.to_rfc3339(),
            expires_at: ask.expires_at.to_rfc3339(),
        }
    }

    /// The form as a value, for an answer it is only a part of.
    pub(in crate::control) fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl<'h> FindingForm<'h> {
    fn of(lift: &'h Lift) -> Self {
        Self { engine: lift.engine.as_str(), rule: lift.rule.as_deref(), outcome: lift.outcome.as_str() }
    }
}

impl<'h> ApprovalForm<'h> {
    fn of(approval: &'h Approval, filled: &[(&'h str, Option<&'h Approval>)]) -> Self {
        let role = filled.iter().find(|(_, by)| by.is_some_and(|by| std::ptr::eq(by, approval)));
        Self {
            by: &approval.by,
            role: role.map(|(role, _)| *role),
            at: approval.at.to_rfc3339(),
            comment: approval.comment.as_deref(),
        }
    }
}

impl<'h> DecidedForm<'h> {
    fn of(decided: &'h Decided) -> Self {
        Self { by: &decided.by, at: decided.at.to_rfc3339(), comment: decided.comment.as_deref() }
    }
}
