//! The paths of document 001, and the audit log.

use serde_json::json;

use crate::control::openapi::answers::{Answer, Form, reference};
use crate::control::openapi::operation::Operation;
use crate::control::openapi::schemas::{CAPABILITY, outcome_filter, time};
use crate::model::call::Scope;
use crate::model::decision::ReportStatus;

/// Its operations.
pub(in crate::control::openapi) fn operations() -> Vec<Operation> {
    let readers = &[Scope::GovernanceRead, Scope::AuditRead];
    let list = Operation::keyed(
        ("get", "/api/v1/governance/decisions"),
        ("listDecisions", "governance", "Decisions, the newest first."),
        Form::Governance,
        readers,
    );
    let list = filters(list, "Compared whole.")
        .answers(Answer::json(200, "A page of decisions.", reference("DecisionPage")))
        .refuses(Form::Governance, &[503]);
    let show = Operation::keyed(
        ("get", "/api/v1/governance/decisions/{id}"),
        (
            "showDecision",
            "governance",
            "One decision, with what became of it. With holds:approve alone, evaluations only.",
        ),
        Form::Governance,
        &[Scope::GovernanceRead, Scope::AuditRead, Scope::HoldsApprove],
    )
    .path("id", "`dec_` and 26 characters, or the UUID in them.")
    .answers(Answer::json(200, "The decision.", reference("DecisionDetail")))
    .refuses(Form::Governance, &[404, 503]);
    let mut operations = vec![propose(), report(), list, show];
    operations.extend(overrides());
    operations.extend([log(), trail()]);
    operations
}

fn propose() -> Operation {
    let kinds = ["ai-agent", "ai-copilot", "automation", "human"];
    let actor = json!({
        "type": "object",
        "required": ["id", "type"],
        "properties": {
            "id": {"type": "string", "maxLength": 256, "pattern": "^[A-Za-z0-9][A-Za-z0-9._:@/-]*$"},
            "type": {"type": "string", "enum": kinds},
        },
        "additionalProperties": false,
    });
    let action = json!({
        "type": "object",
        "required": ["capability", "parameters"],
        "properties": {
            "capability": {"type": "string", "maxLength": 128, "pattern": CAPABILITY},
            "parameters": {"type": "object", "description": "`target`, if it is a text, is what the action is about."},
        },
        "additionalProperties": false,
    });
    let context = json!({
        "type": "object",
        "properties": {"session_id": {"type": "string", "maxLength": 256}, "metadata": {"type": "object"}},
        "additionalProperties": false,
    });
    let body = json!({
        "type": "object",
        "required": ["actor", "action"],
        "properties": {
            "actor": actor,
            "action": action,
            "context": context,
            "confirmation_token": {"type": "string", "description": "The hold that was approved for this same proposal."},
        },
        "additionalProperties": false,
    });
    Operation::keyed(
        ("post", "/api/v1/governance/propose"),
        ("propose", "governance", "Decides an action. Every outcome is 200."),
        Form::Governance,
        &[Scope::GovernancePropose],
    )
    .repeatable()
    .body(Form::Governance, &body, true)
    .answers(Answer::json(200, "What was decided.", reference("ProposalDecision")).repeated())
    .refuses(Form::Governance, &[503])
}

fn report() -> Operation {
    let statuses: Vec<_> = ReportStatus::ALL.iter().map(|status| status.as_str()).collect();
    let body = json!({
        "type": "object",
        "required": ["decision_id", "status"],
        "properties": {
            "decision_id": {"type": "string"},
            "status": {"type": "string", "enum": statuses},
            "output_summary": {"type": "string"},
            "duration_ms": {"type": "integer", "minimum": 0},
            "exit_code": {"type": "integer"},
        },
        "additionalProperties": false,
    });
    Operation::keyed(
        ("post", "/api/v1/governance/report"),
        ("report", "governance", "Says what became of an allowed action."),
        Form::Governance,
        &[Scope::GovernancePropose],
    )
    .repeatable()
    .body(Form::Governance, &body, true)
    .answers(Answer::json(200, "It is recorded.", reference("ReportTaken")).repeated())
    .refuses(Form::Governance, &[404, 503])
}

fn overrides() -> [Operation; 3] {
    let path = "/api/v1/governance/decisions/{id}/override";
    let id = "`dec_` and 26 characters, or the UUID in them.";
    let show = Operation::keyed(
        ("get", path),
        ("showOverride", "governance", "How the override of an evaluation stands."),
        Form::Governance,
        &[Scope::GovernanceRead, Scope::AuditRead, Scope::HoldsApprove],
    )
    .path("id", id)
    .answers(Answer::json(200, "The override.", reference("Override")))
    .refuses(Form::Governance, &[404, 503]);
    let body = json!({
        "type": "object",
        "required": ["justification"],
        "properties": {
            "justification": {
                "type": "string",
                "minLength": 1,
                "maxLength": 2000,
                "pattern": "\\S",
                "description": "Why. Everybody who votes sends the same.",
            },
        },
        "additionalProperties": false,
    });
    let vote = Operation::keyed(
        ("post", path),
        (
            "voteOverride",
            "governance",
            "Votes to let a change pass that failed gates; it takes two people of two roles.",
        ),
        Form::Governance,
        &[Scope::HoldsApprove],
    )
    .path("id", id)
    .repeatable()
    .body(Form::Governance, &body, true)
    .answers(Answer::json(200, "The vote counts, or did before.", reference("Override")).repeated())
    .refuses(Form::Governance, &[404, 503]);
    let withdraw = Operation::keyed(
        ("delete", path),
        ("withdrawOverride", "governance", "Takes a vote back that no second one has joined."),
        Form::Governance,
        &[Scope::HoldsApprove],
    )
    .path("id", id)
    .answers(Answer::json(200, "How the override stands.", reference("Override")))
    .refuses(Form::Governance, &[404, 409, 503]);
    [show, vote, withdraw]
}

fn filters(operation: Operation, compared: &str) -> Operation {
    let text = json!({"type": "string"});
    operation
        .query("actor_id", &text, compared)
        .query("capability", &text, compared)
        .query("outcome", &outcome_filter(), "What was decided.")
        .query("since", &time(), "Recorded then or later.")
        .query("until", &time(), "Recorded before.")
        .pages()
}

fn log() -> Operation {
    let operation = Operation::keyed(
        ("get", "/api/v1/audit/log"),
        ("listAuditLog", "operators", "Records of the ledger, the newest first."),
        Form::Problem,
        &[Scope::AuditRead],
    );
    filters(operation, "Compared whole.")
        .query(
            "event_type",
            &json!({"type": "string"}),
            "`governance.decision`, `policy.created` and so on, or a kind of record.",
        )
        .answers(Answer::json(200, "A page of records.", reference("AuditPage")))
        .refuses(Form::Problem, &[503])
}

fn trail() -> Operation {
    Operation::keyed(
        ("get", "/api/v1/audit/log/{decision_id}"),
        ("showAuditTrail", "operators", "All that the ledger has of one decision."),
        Form::Problem,
        &[Scope::AuditRead],
    )
    .path("decision_id", "The decision's id, the UUID in it, or its `audit_ref`.")
    .answers(Answer::json(200, "The trail.", reference("AuditTrail")))
    .refuses(Form::Problem, &[404, 503])
}
