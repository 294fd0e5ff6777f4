//! `/healthz` (alive), `/readyz` (may have traffic), `/health` (the health check of every surface). Open to everyone, so they
//! name states and versions, never file contents.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::control::ControlState;
use crate::control::state::VERSION;
use crate::risk::gates::works;

/// The process runs and answers.
pub(in crate::control) async fn alive() -> &'static str {
    "ok\n"
}

/// Whether the **running** snapshot, the ledger, the store and the process can serve. A refused candidate changes nothing here.
pub(in crate::control) async fn ready(State(state): State<ControlState>) -> (StatusCode, Json<Value>) {
    let ledger = ledger_ok(&state);
    let stopping = *state.stop.borrow();
    let store = state.holds.failing().is_none();
    let ready = ledger && store && !stopping;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    // Says that what is written is not what is in force; it takes nothing out of service.
    let rejected = state.publisher.status().rejected.is_some();
    // As little: every call is denied until somebody mends a stored policy or chooses an engine that is there, here as on every other
    // instance.
    let quarantine = state.publisher.handle().load_full().cedar.may_deny_everything();
    let answer = json!({
        "ready": ready, "ledger": ledger, "store": store, "stopping": stopping, "rejected": rejected,
        "quarantine": quarantine,
    });
    (status, Json(answer))
}

/// `status`, `version`, `stage` and `checks`.
/// 503 while something that every call needs is out of order.
pub(in crate::control) async fn health(State(state): State<ControlState>) -> (StatusCode, Json<Value>) {
    let snapshot = state.publisher.status();
    let ledger = state.ledger.status();
    let ledger_ok = ledger.healthy.is_ok();
    let store_ok = state.holds.failing().is_none();
    let gates_ok = works();
    let ok = ledger_ok && store_ok && gates_ok;
    let index = state.index.health();
    let rejected = snapshot.rejected.map(
        |rejection| json!({"at": rejection.at.to_rfc3339(), "problems": rejection.problems.lines().count()}),
    );
    let status = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let answer = json!({
        "status": if ok { "ok" } else { "degraded" },
        "version": VERSION,
        "stage": state.stage,
        "checks": {
            "ledger": {"ok": ledger_ok, "durability": ledger.durability.as_str(), "records": ledger.records_total},
            "store": {"ok": store_ok},
            // Only what reads the ledger depends on it.
            "index": {"ok": index.failing.is_none(), "behind": index.behind},
            "config": {
                "ok": true,
                "snapshot_version": snapshot.active.version,
                "snapshot_hash": &*snapshot.active.hash,
                "since": snapshot.since.to_rfc3339(),
                "rules": snapshot.rules,
                "routes": snapshot.routes,
                "rejected": rejected,
            },
            "gates": {"ok": gates_ok},
        },
    });
    (status, Json(answer))
}

fn ledger_ok(state: &ControlState) -> bool {
    state.ledger.status().healthy.is_ok()
}
