//! The paths of document 001, and the audit log.

use serde_json::json;

use crate::control::openapi::answers::{Answer, Form, reference};
use crate::control::openapi::operation::Operation;
use crate::control::openapi::schemas::{outcome_filter, time};
use crate::model::call::Scope;

/// Its operations.
pub(super) fn operations() -> Vec<Operation> {
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
        ("showDecision", "governance", "One decision, with what became of it."),
        Form::Governance,
        readers,
    )
    .path("id", "`dec_` and 26 characters, or the UUID in them.")
    .answers(Answer::json(200, "The decision.", reference("DecisionDetail")))
    .refuses(Form::Governance, &[404, 503]);
    vec![list, show, log(), trail()]
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
