//! The paths of document 002.

use serde_json::{Value, json};

use crate::control::openapi::answers::{Answer, Form};
use crate::control::openapi::operation::Operation;
use crate::model::call::Scope;

const TAG: &str = "policy-server";

/// Their operations.
pub(in crate::control::openapi) fn operations() -> Vec<Operation> {
    vec![evaluate(), execute(), audit(), show(), replace()]
}

fn keyed(
    at: (&'static str, &'static str),
    (id, summary): (&'static str, &'static str),
    scopes: &'static [Scope],
) -> Operation {
    Operation::keyed(at, (id, TAG, summary), Form::Document, scopes).refuses(Form::Document, &[503])
}

/// One action, or several of them.
fn actions(operation: Operation) -> Operation {
    let action = json!({
        "type": "object",
        "properties": {
            "action_type": {"type": "string"},
            "type": {"type": "string"},
            "target": {"type": "string"},
            "params": {"type": "object"},
            "description": {"type": "string"},
            "agent_id": {"type": ["string", "null"], "maxLength": 256},
            "session_id": {"type": ["string", "null"], "maxLength": 256},
            "metadata": {"type": ["object", "null"]},
        },
    });
    let list = json!({"type": "array", "items": action});
    let several = json!({"type": "object", "required": ["actions"], "properties": {"actions": list}});
    operation.body(Form::Document, &json!({"anyOf": [action, several, list]}), true)
}

/// One answer, or a list of answers and of what is wrong with items.
fn answered(required: &[&str]) -> Answer {
    let one = json!({"type": "object", "required": required});
    let failed = json!({"type": "object", "required": ["error"]});
    let schema = json!({"anyOf": [one, {"type": "array", "items": {"anyOf": [one, failed]}}]});
    Answer::json(200, "What is said of it, or of each.", schema)
}

fn evaluate() -> Operation {
    let required = ["action_type", "target", "risk_level", "approval", "is_allowed", "matched_rule"];
    actions(keyed(
        ("post", "/api/v1/evaluate"),
        ("evaluate", "What the policy says of actions. Nothing is recorded."),
        &[Scope::GovernancePropose],
    ))
    .answers(answered(&required))
}

fn execute() -> Operation {
    let required = ["action_type", "target", "status", "data", "error", "decision_id"];
    actions(keyed(
        ("post", "/api/v1/execute"),
        ("execute", "Decides actions and has those executed that are let through."),
        &[Scope::GovernancePropose],
    ))
    .answers(answered(&required))
}

fn audit() -> Operation {
    let text: Value = json!({"type": "string"});
    let entry = json!({"type": "object", "required": ["id", "session_id", "timestamp", "action_type", "decision_id"]});
    keyed(
        ("get", "/api/v1/audit"),
        ("audit", "What was executed, the oldest first."),
        &[Scope::AuditRead, Scope::GovernanceRead],
    )
    .query("session_id", &text, "Compared whole.")
    .query("action_type", &text, "Compared whole.")
    .query("risk_level", &text, "In any letter case.")
    .query("result_status", &text, "Compared whole.")
    .query("limit", &text, "How many at most. An integer, as Python reads it.")
    .query("offset", &text, "How many are passed over.")
    .query("since", &text, "Recorded then or later.")
    .query("until", &text, "Recorded before.")
    .query("order", &json!({"type": "string", "enum": ["asc", "desc", ""]}), "Which way.")
    .answers(Answer::json(200, "The entries.", json!({"type": "array", "items": entry})))
}

fn show() -> Operation {
    let required = ["default_risk_level", "default_approval", "rules"];
    keyed(("get", "/api/v1/policy"), ("showRules", "The rules in force."), &[]).answers(Answer::json(
        200,
        "The policy.",
        json!({"type": "object", "required": required}),
    ))
}

fn replace() -> Operation {
    let policy = json!({"type": "object", "properties": {"yaml": {"type": "string"}}});
    let required = ["status", "rule_count"];
    keyed(
        ("put", "/api/v1/policy"),
        ("replaceRules", "Puts another policy in the place of the one in force."),
        &[Scope::PoliciesManage],
    )
    .body(Form::Document, &policy, true)
    .answers(Answer::json(200, "It is in force.", json!({"type": "object", "required": required})))
}
