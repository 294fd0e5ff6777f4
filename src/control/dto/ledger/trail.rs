//! All that the ledger has of one decision, to those who read the ledger.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::audit::index::Call;
use crate::control::dto::ledger::decision::{ActionForm, ActorForm, ContextForm, ExecutionForm};
use crate::control::dto::ledger::line::{FindingForm, Line, ObservedForm, PlaceForm, SnapshotForm};

/// The trail of a decision.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "AuditTrail")]
pub(in crate::control) struct Trail {
    decision_id: String,
    audit_ref: String,
    request: RequestForm,
    evaluation: EvaluationForm,
    decision: VerdictForm,
    /// What became of the call; `null` while nothing is known.
    execution: Option<ExecutionForm>,
    integrity: PlaceForm,
}

/// What was asked.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "AuditRequest")]
struct RequestForm {
    actor: ActorForm,
    action: ActionForm,
    context: ContextForm,
}

/// What the engines said.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "AuditEvaluation")]
struct EvaluationForm {
    /// What was said of the capability.
    capability_check: Check,
    /// What was said of the actor and its grants.
    authority_check: Check,
    risk_score: Option<f64>,
    policies_evaluated: Vec<String>,
    policy_matched: Option<String>,
    findings: Vec<FindingForm>,
    /// What the gates had observed of a tool's caller, where they looked at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    observed: Option<ObservedForm>,
    /// Of an evaluation of a change all that the gates found, as whoever asked was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Map<String, Value>>")]
    answer: Option<Box<RawValue>>,
    /// What the enforcing Cedar engine found, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Map<String, Value>>")]
    cedar: Option<Box<RawValue>>,
    snapshot: Option<SnapshotForm>,
}

/// What engines that only restrict had to say.
#[derive(Clone, Copy, Debug, JsonSchema, Serialize)]
#[schemars(rename = "AuditCheck")]
#[serde(rename_all = "snake_case")]
enum Check {
    /// They objected.
    Failed,
    /// They did not, or do not take part.
    NoObjection,
}

/// What was decided.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "AuditVerdict")]
struct VerdictForm {
    outcome: String,
    code: Option<String>,
    reason: String,
    #[schemars(with = "serde_json::Map<String, Value>")]
    constraints: Box<RawValue>,
    #[schemars(extend("format" = "date-time"))]
    timestamp: String,
    hold_id: Option<String>,
}

impl Trail {
    /// The trail of the decision that `call` is the record of; `None` for any other record.
    pub(in crate::control) fn of(call: &Call) -> Option<Self> {
        let mut line = Line::of(call).filter(|line| line.kind == "decision")?;
        let observed = line.observed();
        let (policies_evaluated, policy_matched) = line.rules();
        let constraints = line.constraints();
        Some(Self {
            audit_ref: line.reference(call),
            request: RequestForm {
                actor: ActorForm::of(&line),
                action: ActionForm::of(&line, true),
                context: ContextForm::of(&line),
            },
            execution: call.execution.as_ref().and_then(ExecutionForm::of),
            integrity: line.place(call),
            evaluation: EvaluationForm {
                capability_check: Check::of(&line.findings, &["naming", "capabilities"]),
                authority_check: Check::of(&line.findings, &["status", "grants"]),
                risk_score: line.score(),
                policies_evaluated,
                policy_matched,
                observed,
                answer: line.evaluation(),
                cedar: line.cedar.map(ToOwned::to_owned),
                findings: line.findings,
                snapshot: line.snapshot,
            },
            decision: VerdictForm {
                outcome: line.outcome?,
                code: line.code,
                reason: line.reason.unwrap_or_default(),
                constraints,
                timestamp: line.time,
                hold_id: line.hold_id,
            },
            decision_id: line.decision_id?,
        })
    }
}

impl Check {
    /// What those of `findings` make of it that are of `engines`.
    fn of(findings: &[FindingForm], engines: &[&str]) -> Self {
        let objects = |finding: &FindingForm| {
            engines.contains(&&*finding.engine)
                && finding.outcome.as_deref() != Some("ALLOW")
                && finding.would_have.is_none()
        };
        if findings.iter().any(objects) { Self::Failed } else { Self::NoObjection }
    }
}
