//! A decision, to those who ask for decisions: what its caller was answered, and what the ledger has besides.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::audit::index::{Call, Executed};
use crate::control::dto::OverrideForm;
use crate::control::dto::ledger::line::{FindingForm, Line, ObservedForm, PlaceForm, SnapshotForm};

/// A decision in a list.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Decision")]
pub(in crate::control) struct DecisionForm {
    /// Its id.
    decision_id: String,
    /// ALLOW, REQUIRE_CONFIRMATION, ESCALATE or DENY.
    outcome: String,
    /// Why, in a sentence.
    reason: String,
    /// How dangerous the call looked.
    #[schemars(range(min = 0.0, max = 1.0))]
    risk_score: f64,
    /// What had to be done for the call besides letting it through.
    #[schemars(with = "serde_json::Map<String, Value>")]
    constraints: Box<RawValue>,
    /// When it was recorded.
    #[schemars(extend("format" = "date-time"))]
    timestamp: String,
    /// What the record is named by.
    audit_ref: String,
    /// The reason code.
    code: Option<String>,
    /// Who asked.
    actor: ActorForm,
    /// What was asked.
    action: ActionForm,
    /// The surface that made it: `data_plane`, `policy_server`, `governance` and so on.
    surface: String,
    /// Whether it was carried out: false on a route in mode `shadow`.
    enforced: bool,
    /// The hold that it opened or used.
    hold_id: Option<String>,
}

/// Who asked.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Actor")]
pub(super) struct ActorForm {
    id: String,
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// What was asked.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Action")]
pub(super) struct ActionForm {
    capability: String,
    /// What it is about.
    resource: Option<String>,
    /// As recorded, without secrets. Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Value>")]
    parameters: Option<Box<RawValue>>,
}

/// A page of decisions.
#[derive(Debug, JsonSchema, Serialize)]
pub(in crate::control) struct DecisionPage {
    /// The newest first.
    pub(in crate::control) decisions: Vec<DecisionForm>,
    /// How many match, on all pages.
    pub(in crate::control) total: u64,
    /// Where the next page begins; `null` on the last.
    pub(in crate::control) cursor: Option<String>,
}

/// A decision by itself.
#[derive(Debug, JsonSchema, Serialize)]
pub(in crate::control) struct DecisionDetail {
    #[serde(flatten)]
    decision: DecisionForm,
    /// What came with the action.
    context: ContextForm,
    /// What each engine said; only for keys with `audit:read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<Vec<FindingForm>>,
    /// Of an evaluation what the gates found, as whoever asked for it was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Map<String, Value>>")]
    evaluation: Option<Box<RawValue>>,
    /// Of an evaluation how its override stands, once somebody has voted for one.
    #[serde(rename = "override", skip_serializing_if = "Option::is_none")]
    overriding: Option<OverrideForm>,
    /// What the gates had observed of a tool's caller, where they looked at it; only for keys with `audit:read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    observed: Option<ObservedForm>,
    /// What the enforcing Cedar engine found, where there is one; only for keys with `audit:read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Map<String, Value>>")]
    cedar: Option<Box<RawValue>>,
    /// What was in force.
    snapshot: Option<SnapshotForm>,
    /// What became of the call; `null` while nothing is known.
    execution: Option<ExecutionForm>,
    /// Where its record stands.
    audit: PlaceForm,
}

/// What came with an action.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Context")]
pub(super) struct ContextForm {
    session_id: Option<String>,
    /// Where the call goes, such as `production`.
    environment: Option<String>,
    /// The route it came by.
    route: Option<String>,
    /// The path of an HTTP operation, where it may be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// What the change is, of an evaluation.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// What its caller said of it, without secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Value>")]
    metadata: Option<Box<RawValue>>,
}

/// What became of a call.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "Execution")]
pub(super) struct ExecutionForm {
    /// `completed`, `failed` and so on.
    result: Option<String>,
    /// The HTTP status of the tool's answer.
    status: Option<u16>,
    /// What kept the whole answer from being passed on.
    code: Option<String>,
    /// `success` or `failed`, where the policy server ran it.
    result_status: Option<String>,
    /// What its proposer reported: `completed`, `failed`, `timeout` and so on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    report_status: Option<String>,
    /// What its proposer said of the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    /// Bytes of the tool's answer.
    response_bytes: Option<u64>,
    /// From the moment it was let through.
    duration_ms: Option<f64>,
    /// When it was recorded.
    #[serde(rename(deserialize = "time"))]
    completed_at: String,
}

impl DecisionForm {
    /// The decision that `call` is the record of; `None` for any other record.
    pub(in crate::control) fn of(call: &Call) -> Option<Self> {
        Self::read(&Line::of(call)?, call, false)
    }

    fn read(line: &Line<'_>, call: &Call, whole: bool) -> Option<Self> {
        if line.kind != "decision" {
            return None;
        }
        Some(Self {
            decision_id: line.decision_id.clone()?,
            outcome: line.outcome.clone()?,
            reason: line.reason.clone().unwrap_or_default(),
            risk_score: line.score()?,
            constraints: line.constraints(),
            timestamp: line.time.clone(),
            audit_ref: line.reference(call),
            code: line.code.clone(),
            actor: ActorForm::of(line),
            action: ActionForm::of(line, whole),
            surface: line.surface().to_owned(),
            enforced: line.enforced.unwrap_or(true),
            hold_id: line.hold_id.clone(),
        })
    }
}

impl ActorForm {
    pub(super) fn of(line: &Line<'_>) -> Self {
        Self { id: line.actor.clone().unwrap_or_default(), kind: line.actor_type.clone() }
    }
}

impl ActionForm {
    /// With its parameters where it is shown `whole`.
    pub(super) fn of(line: &Line<'_>, whole: bool) -> Self {
        Self {
            capability: line.called().unwrap_or_default().to_owned(),
            resource: line.resource.clone(),
            parameters: line.arguments.filter(|_| whole).map(ToOwned::to_owned),
        }
    }
}

impl ContextForm {
    pub(super) fn of(line: &Line<'_>) -> Self {
        Self {
            session_id: line.session_id.clone(),
            environment: line.environment.clone(),
            route: line.route.clone(),
            path: line.path.clone(),
            description: line.description.clone().filter(|_| line.evaluation.is_some()),
            metadata: line.metadata.map(ToOwned::to_owned),
        }
    }
}

impl ExecutionForm {
    pub(super) fn of(executed: &Executed) -> Option<Self> {
        serde_json::from_slice(&executed.line).ok()
    }
}

impl DecisionDetail {
    /// The decision that `call` is the record of, with what its engines found and knew if `findings`; `None` for any other record.
    pub(in crate::control) fn of(call: &Call, findings: bool) -> Option<Self> {
        let mut line = Line::of(call)?;
        let observed = line.observed();
        Some(Self {
            decision: DecisionForm::read(&line, call, true)?,
            context: ContextForm::of(&line),
            evaluation: line.evaluation(),
            overriding: None,
            observed: observed.filter(|_| findings),
            cedar: line.cedar.filter(|_| findings).map(ToOwned::to_owned),
            execution: call.execution.as_ref().and_then(ExecutionForm::of),
            audit: line.place(call),
            snapshot: line.snapshot.clone(),
            findings: findings.then_some(line.findings),
        })
    }

    /// Whether it is an evaluation of a change.
    pub(in crate::control) const fn is_evaluation(&self) -> bool {
        self.evaluation.is_some()
    }

    /// The same with how its override stands.
    pub(in crate::control) fn with_override(self, overriding: Option<OverrideForm>) -> Self {
        Self { overriding, ..self }
    }
}
