//! The whole document.

use serde_json::{Map, Value, json};

use crate::control::openapi::operation::Operation;
use crate::control::openapi::surfaces::{
    cedar, enforcement, evaluation, governance, operators, policy_server,
};
use crate::control::openapi::{answers, schemas};
use crate::control::state::VERSION;

/// Every operation of the control listener.
pub(super) fn operations() -> Vec<Operation> {
    let mut operations = governance::operations();
    operations.extend(enforcement::operations());
    operations.extend(operators::operations());
    operations.extend(policy_server::operations());
    operations.extend(evaluation::operations());
    operations.extend(cedar::operations());
    operations
}

/// What the control listener serves, as `OpenAPI` 3.1.
#[must_use]
pub fn openapi() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations() {
        let path = paths.entry(operation.path.to_owned()).or_insert_with(|| json!({}));
        if let Value::Object(path) = path {
            path.insert(operation.method.to_owned(), operation.to_value());
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Aegis Gateway",
            "version": VERSION,
            "summary": "Enforcement of policy on the tool calls of AI agents.",
            "description": "The control listener. Tool calls themselves go to another listener and are not described here. \
                HEAD is answered as GET. Another method than a path has is 405 with Allow, and an unknown path 404, before any key is asked for.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "tags": [
            {"name": "governance", "description": "Decisions, as document 001 has them."},
            {"name": "enforcement", "description": "What is administered, as document 000 has it."},
            {"name": "operators", "description": "The gateway itself: holds, ledger, snapshots, health."},
            {"name": "policy-server", "description": "One policy over HTTP, as document 002 has it."},
            {"name": "evaluation", "description": "Proposed changes by the six gates, as document 003 has them."},
            {"name": "policy", "description": "Cedar engines and their policies, as document 004 has them."},
        ],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
            },
            "headers": answers::components(),
            "schemas": schemas::components(),
        },
    })
}
