//! Our own paths: holds, keys, snapshots, status and health.

use serde_json::{Value, json};

use crate::control::openapi::answers::{Answer, Form, reference};
use crate::control::openapi::operation::Operation;
use crate::holds::HoldState;
use crate::model::call::Scope;

const TAG: &str = "operators";
const APPROVERS: &[Scope] = &[Scope::HoldsApprove];
const READERS: &[Scope] = &[Scope::GovernanceRead, Scope::AuditRead];

/// Their operations.
pub(in crate::control::openapi) fn operations() -> Vec<Operation> {
    let mut operations = probes();
    operations.extend(holds());
    operations.extend(keys());
    operations.extend(snapshots());
    operations
}

fn keyed(
    at: (&'static str, &'static str),
    (id, summary): (&'static str, &'static str),
    scopes: &'static [Scope],
) -> Operation {
    Operation::keyed(at, (id, TAG, summary), Form::Problem, scopes)
}

/// An object with at least these members.
fn object(required: &[&str]) -> Value {
    json!({"type": "object", "required": required})
}

fn probes() -> Vec<Operation> {
    let open = |path, id, summary| Operation::open(("get", path), (id, TAG, summary));
    let health = object(&["status", "version", "stage", "checks"]);
    let ready = object(&["ready", "ledger", "store", "stopping"]);
    vec![
        open("/healthz", "alive", "Whether the process runs.").answers(Answer::of(
            200,
            "It does.",
            "text/plain",
            json!({"const": "ok\n"}),
        )),
        open("/readyz", "ready", "Whether calls can be served.")
            .answers(Answer::json(200, "They can.", ready.clone()))
            .answers(Answer::json(503, "They cannot.", ready)),
        open("/health", "health", "How everything is.")
            .answers(Answer::json(200, "All is well.", health.clone()).announced())
            .answers(Answer::json(503, "It is degraded: something takes no calls.", health).announced()),
        open("/openapi.json", "openapi", "This document.").answers(Answer::json(
            200,
            "It.",
            object(&["openapi", "info", "paths"]),
        )),
        keyed(("get", "/metrics"), ("metrics", "Metrics for Prometheus."), &[Scope::MetricsRead])
            .answers(Answer::of(200, "The metrics.", "text/plain", json!({"type": "string"}))),
        keyed(("get", "/api/v1/status"), ("status", "What runs, and how it is."), READERS).answers(
            Answer::json(
                200,
                "All of it.",
                object(&["build", "stage", "uptime_s", "snapshot", "routes", "holds", "ledger"]),
            ),
        ),
    ]
}

fn holds() -> Vec<Operation> {
    let mut states: Vec<&str> = HoldState::ALL.iter().map(|state| state.as_str()).collect();
    states.push("");
    let text = json!({"type": "string"});
    let list = keyed(("get", "/api/v1/holds"), ("listHolds", "Calls that wait for a person."), APPROVERS)
        .query("state", &json!({"type": "string", "enum": states}), "How they stand.")
        .query("capability", &text, "Compared whole.")
        .query("actor", &text, "Compared whole.")
        .pages()
        .answers(Answer::json(200, "A page of holds.", reference("HoldPage")))
        .refuses(Form::Problem, &[503]);
    let show = keyed(
        ("get", "/api/v1/holds/{id}"),
        ("showHold", "One hold, for approvers and for the actor that asked."),
        APPROVERS,
    )
    .path("id", "Its id.")
    .answers(Answer::json(200, "The hold.", reference("Hold")))
    .refuses(Form::Problem, &[404, 503]);
    vec![
        list,
        show,
        decided(("/api/v1/holds/{id}/approve", "approveHold", "An approver says yes."), APPROVERS),
        decided(("/api/v1/holds/{id}/reject", "rejectHold", "An approver says no."), APPROVERS),
        decided(("/api/v1/holds/{id}/cancel", "cancelHold", "The actor that asked gives it up."), &[]),
    ]
}

fn decided(
    (path, id, summary): (&'static str, &'static str, &'static str),
    scopes: &'static [Scope],
) -> Operation {
    let body = json!({
        "type": "object",
        "properties": {"comment": {"type": ["string", "null"], "maxLength": 500}},
        "additionalProperties": false,
    });
    keyed(("post", path), (id, summary), scopes)
        .path("id", "Its id.")
        .body(Form::Problem, &body, false)
        .answers(Answer::json(200, "The hold as it stands now.", reference("Hold")))
        .refuses(Form::Problem, &[404, 409, 503])
}

fn keys() -> Vec<Operation> {
    let keyed = |at, what| keyed(at, what, &[Scope::Admin]);
    let told = |answer: Answer| answer.with("Cache-Control", "`no-store`: the text is told once.");
    let rotation = json!({
        "type": "object",
        "properties": {"overlap_s": {"type": ["integer", "null"], "minimum": 0, "maximum": 604_800, "default": 3600}},
        "additionalProperties": false,
    });
    vec![
        keyed(
            ("get", "/api/v1/keys"),
            ("listKeys", "The keys that were issued, and those of the configuration."),
        )
        .query("state", &json!({"type": "string", "enum": ["live", "revoked", "all"]}), "Which of them.")
        .pages()
        .answers(Answer::json(200, "A page of keys.", reference("KeyPage"))),
        keyed(
            ("post", "/api/v1/keys"),
            ("issueKey", "Issues a key. Its text is told in the answer, and never again."),
        )
        .body(Form::Problem, &reference("NewKey"), true)
        .answers(
            told(Answer::json(201, "The key, with its text.", reference("Key")))
                .with("Location", "Where it is shown, without its text."),
        )
        .refuses(Form::Problem, &[409, 503]),
        keyed(("get", "/api/v1/keys/{id}"), ("showKey", "One key."))
            .path("id", "Its id.")
            .answers(Answer::json(200, "The key.", reference("Key")))
            .refuses(Form::Problem, &[404]),
        keyed(("delete", "/api/v1/keys/{id}"), ("revokeKey", "Revokes a key, from the next request on."))
            .path("id", "Its id.")
            .answers(Answer::empty(204, "It is revoked."))
            .refuses(Form::Problem, &[404, 409, 503]),
        keyed(("post", "/api/v1/keys/{id}/rotate"), ("rotateKey", "Gives a key another text, told once."))
            .path("id", "Its id.")
            .body(Form::Problem, &rotation, false)
            .answers(told(Answer::json(200, "The key, with its new text.", reference("Key"))))
            .refuses(Form::Problem, &[404, 409, 503]),
    ]
}

fn snapshots() -> Vec<Operation> {
    let row = ["version", "hash", "source", "created_at", "by", "active"];
    let page = json!({
        "type": "object",
        "required": ["snapshots", "cursor"],
        "properties": {
            "snapshots": {"type": "array", "items": object(&row)},
            "cursor": {"type": ["string", "null"]},
        },
    });
    let version = "The snapshot's version.";
    vec![
        keyed(
            ("get", "/api/v1/snapshots"),
            ("listSnapshots", "What was in force, the newest first."),
            READERS,
        )
        .pages()
        .answers(Answer::json(200, "A page of snapshots.", page))
        .refuses(Form::Problem, &[503]),
        keyed(("get", "/api/v1/snapshots/{version}"), ("showSnapshot", "What one was made of."), READERS)
            .path("version", version)
            .answers(Answer::json(200, "Its content.", object(&row)))
            .refuses(Form::Problem, &[404, 503]),
        keyed(
            ("post", "/api/v1/snapshots/{version}/rollback"),
            ("rollBack", "Puts its rules and governance objects in force again."),
            &[Scope::PoliciesManage],
        )
        .path("version", version)
        .body(Form::Problem, &json!({"type": "object", "maxProperties": 0}), false)
        .answers(Answer::json(200, "What is in force now.", object(&["version", "hash", "back_to"])))
        .refuses(Form::Problem, &[404, 409, 503]),
    ]
}
