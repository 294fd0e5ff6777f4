//! `GET /api/v1/status`: what runs, what was refused, and how everything is that a call passes.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use serde_json::{Value, json};

use crate::audit::LedgerStatus;
use crate::control::auth::Operator;
use crate::control::query::Query;
use crate::control::state::VERSION;
use crate::control::{ControlError, ControlState};
use crate::decision::Route;
use crate::gateway::SnapshotStatus;
use crate::holds::{HoldFilter, HoldState};
use crate::model::call::Scope;

/// The whole state, for those who may read decisions or the ledger. A key of one tenant is not told of what serves or concerns
/// others: where tools are, what is wrong in files, how much is going on.
pub(in crate::control) async fn status(
    operator: Operator,
    State(state): State<ControlState>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ControlError> {
    operator.require(&[Scope::GovernanceRead, Scope::AuditRead])?;
    Query::read(query.as_deref(), &[])?;
    let published = state.publisher.status();
    let snapshot = state.publisher.handle().load_full();
    let whole = operator.by().deployment;
    Ok(Json(json!({
        "build": {"version": VERSION},
        "stage": state.stage,
        "uptime_s": state.started.elapsed().as_secs(),
        "snapshot": {
            "version": published.active.version,
            "hash": &*published.active.hash,
            "since": published.since.to_rfc3339(),
            "rules": published.rules,
            "routes": published.routes,
        },
        "rejected": rejected(&published, whole),
        "routes": snapshot.routes.iter().map(|one| route(one, whole)).collect::<Vec<_>>(),
        "holds": holds(&operator, &state, whole).await,
        "ledger": ledger(&state.ledger.status(), whole),
    })))
}

fn rejected(published: &SnapshotStatus, whole: bool) -> Option<Value> {
    let rejection = published.rejected.as_ref()?;
    let problems: Vec<_> = rejection.problems.lines().collect();
    let told = json!({"at": rejection.at.to_rfc3339(), "problems": problems});
    Some(told_to(whole, told, &["problems"]))
}

/// What is told: without what is `kept` from whoever is not told the whole.
fn told_to(whole: bool, mut told: Value, kept: &[&str]) -> Value {
    if let Some(members) = told.as_object_mut().filter(|_| !whole) {
        members.retain(|name, _| !kept.contains(&name.as_str()));
    }
    told
}

fn route(route: &Arc<Route>, whole: bool) -> Value {
    let upstreams: Vec<_> = route
        .upstream
        .endpoints
        .iter()
        .map(|endpoint| json!({"address": &*endpoint.name, "healthy": endpoint.state.is_up()}))
        .collect();
    let told = json!({
        "name": &*route.name,
        "mode": route.mode.as_str(),
        "protocol": route.protocol.as_str(),
        "in_flight": route.slots.taken(),
        "upstreams": upstreams,
    });
    told_to(whole, told, &["in_flight", "upstreams"])
}

/// What of the holds its caller may see. A store that is out of order shows here, and keeps nobody from the rest.
async fn holds(operator: &Operator, state: &ControlState, whole: bool) -> Value {
    let approver = operator.approver();
    let standing = async |standing: HoldState| {
        let filter = HoldFilter { state: Some(standing), limit: 1, ..HoldFilter::default() };
        state.holds.list(&approver, filter).await.map(|page| page.total)
    };
    let pending = standing(HoldState::Pending).await;
    let approved = standing(HoldState::Approved).await;
    let reason = pending.as_ref().err().or(approved.as_ref().err()).map(ToString::to_string);
    let told = json!({
        "ok": reason.is_none(),
        "reason": reason,
        "pending": pending.ok(),
        "approved": approved.ok(),
        "waiting": state.holds.waiters().count(),
    });
    told_to(whole, told, &["waiting"])
}

fn ledger(status: &LedgerStatus, whole: bool) -> Value {
    let told = json!({
        "ok": status.healthy.is_ok(),
        "reason": status.healthy.as_ref().err(),
        "durability": status.durability.as_str(),
        "epoch": status.epoch,
        "records": status.records_total,
        "head_hash": status.last_hash.as_str(),
        "disk_free_bytes": status.disk_free_bytes,
    });
    told_to(whole, told, &["epoch", "records", "head_hash", "disk_free_bytes"])
}
