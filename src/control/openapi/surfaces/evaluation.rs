//! The paths of document 003.

use serde_json::{Map, Value, json};

use crate::control::openapi::answers::{Answer, Form, reference};
use crate::control::openapi::operation::Operation;
use crate::model::call::Scope;
use crate::risk::gates::{Impact, Phase, Status};

const TAG: &str = "evaluation";

/// Its operations.
pub(in crate::control::openapi) fn operations() -> Vec<Operation> {
    let keyed = |path, id, summary, body, answer: &str, description| {
        Operation::keyed_as(("post", path), (id, TAG, summary), &[Scope::GovernancePropose])
            .refuses(Form::Evaluation, &[400, 403, 408, 413, 429, 500])
            .takes(&reference(body))
            .answers(Answer::json(200, description, reference(answer)).announced())
    };
    vec![
        keyed(
            "/evaluate",
            "evaluateChange",
            "Judges a proposed change by all six gates.",
            "EvaluationRequest",
            "Evaluation",
            "What the gates say, whatever that is.",
        )
        .refuses(Form::Evaluation, &[503]),
        keyed(
            "/risk-check",
            "checkRisk",
            "Compares a risk with a threshold. Nothing is recorded.",
            "RiskCheckRequest",
            "RiskCheck",
            "Whether it is below.",
        ),
    ]
}

/// Its schemas.
pub(in crate::control::openapi) fn schemas() -> Map<String, Value> {
    let schemas = [
        ("EvaluationRequest", request()),
        ("Evaluation", evaluation()),
        ("Gate", gate()),
        ("Drift", drift()),
        ("RiskCheckRequest", risk_check_request()),
        ("RiskCheck", risk_check()),
        ("EvaluationError", error()),
    ];
    schemas.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

fn request() -> Value {
    let number = |default: f64| json!({"type": "number", "default": default});
    let flag = |default: bool| json!({"type": "boolean", "default": default});
    let numbers = || json!({"type": "array", "items": {"type": ["number", "null"]}});
    let words =
        |words: Vec<&str>, default: &str| json!({"type": "string", "enum": words, "default": default});
    json!({
        "type": "object",
        "properties": {
            "proposal_summary": {"type": "string", "default": "API evaluation"},
            "estimated_impact": words(Impact::ALL.map(Impact::as_str).to_vec(), "medium"),
            "agent_id": {"type": "string", "default": "lambda-caller"},
            "session_id": {"type": "string"},
            "phase": words(Phase::ALL.map(Phase::as_str).to_vec(), "plan"),
            "risk_baseline": number(0.0),
            "risk_proposed": number(0.0),
            "risk_score": {"type": "number", "description": "Stands for risk_proposed where that is absent."},
            "profit_baseline": number(0.0),
            "profit_proposed": number(0.0),
            "novelty_score": number(0.5),
            "complexity_score": number(0.5),
            "quality_score": number(0.7),
            "quality_subscores": numbers(),
            "requires_human_approval": flag(false),
            "time_sensitive": flag(false),
            "reversible": flag(true),
            "metadata": {"type": "object"},
            "shadow_mode": flag(false),
            "drift_baseline_data": numbers(),
        },
    })
}

fn evaluation() -> Value {
    let texts = || json!({"type": "array", "items": {"type": "string"}});
    let statuses = [Status::Proceed, Status::Pause, Status::Halt, Status::Escalate].map(Status::as_str);
    let count = || json!({"type": "integer", "minimum": 0, "maximum": 6});
    json!({
        "type": "object",
        "required": [
            "status", "confidence", "gates_passed", "gates_failed", "failing_gates", "rationale", "next_steps", "constraints",
            "decision_id", "timestamp", "override_eligible", "override_requires", "gates", "_tenant_id", "_request_id",
        ],
        "properties": {
            "status": {"enum": statuses},
            "confidence": {"type": ["number", "null"]},
            "gates_passed": count(),
            "gates_failed": count(),
            "failing_gates": texts(),
            "rationale": {"type": "string"},
            "next_steps": texts(),
            "constraints": texts(),
            "decision_id": {"type": "string", "format": "uuid"},
            "timestamp": {"type": "string", "format": "date-time"},
            "override_eligible": {"type": "boolean"},
            "override_requires": texts(),
            "gates": {"type": "object", "additionalProperties": reference("Gate")},
            "drift": reference("Drift"),
            "shadow_result": {
                "type": "object",
                "required": ["shadow_only", "observation_values", "baseline_hash", "drift"],
                "properties": {
                    "shadow_only": {"const": true},
                    "observation_values": {"type": "array", "items": {"type": ["number", "null"]}},
                    "baseline_hash": {"type": ["string", "null"]},
                    "drift": {"oneOf": [reference("Drift"), {"type": "null"}]},
                },
            },
            "_tenant_id": {"type": "string"},
            "_request_id": {"type": "string"},
        },
    })
}

fn gate() -> Value {
    let number = || json!({"type": ["number", "null"]});
    json!({
        "type": "object",
        "required": ["passed", "value", "threshold", "confidence", "message"],
        "properties": {
            "passed": {"type": "boolean"},
            "value": number(),
            "threshold": number(),
            "confidence": number(),
            "message": {"type": ["string", "null"]},
        },
    })
}

fn drift() -> Value {
    json!({
        "type": "object",
        "required": ["status", "kl_divergence", "action", "message"],
        "properties": {
            "status": {"enum": ["normal", "warning", "critical"]},
            "kl_divergence": {"type": ["number", "null"]},
            "action": {"enum": ["continue", "alert_and_continue", "halt_and_recalibrate"]},
            "message": {"type": ["string", "null"]},
        },
    })
}

fn risk_check_request() -> Value {
    json!({
        "type": "object",
        "required": ["risk_score"],
        "properties": {
            "risk_score": {"type": "number"},
            "threshold": {"type": "number", "default": 0.5},
            "agent_id": {"type": "string", "default": "lambda-caller"},
            "action_description": {"type": "string", "default": "Lambda risk check"},
        },
    })
}

fn risk_check() -> Value {
    json!({
        "type": "object",
        "required": ["safe", "risk_score", "threshold", "agent_id", "_tenant_id", "_request_id"],
        "properties": {
            "safe": {"type": "boolean"},
            "risk_score": {"type": "number"},
            "threshold": {"type": "number"},
            "agent_id": {"type": "string"},
            "_tenant_id": {"type": "string"},
            "_request_id": {"type": "string"},
        },
    })
}

fn error() -> Value {
    json!({
        "type": "object",
        "required": ["error", "code", "_request_id", "_tenant_id"],
        "properties": {
            "error": {"type": "string"},
            "code": {"enum": ["bad_request", "forbidden", "not_found", "rate_limited", "internal"]},
            "_request_id": {"type": "string"},
            "_tenant_id": {"type": "string"},
        },
    })
}
