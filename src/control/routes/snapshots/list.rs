//! `GET /api/v1/snapshots`: the snapshots that were in force, newest first, a page at a time.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::task::spawn_blocking;

use crate::control::auth::Operator;
use crate::control::dto::snapshot_row;
use crate::control::query::Query;
use crate::control::{ControlError, ControlState, Listing, Position};
use crate::model::call::Scope;

const PATH: &str = "/api/v1/snapshots";

/// A page of snapshots, and the cursor of the next one.
pub(in crate::control) async fn list(
    operator: Operator,
    State(state): State<ControlState>,
    RawQuery(query): RawQuery,
) -> Result<Response, ControlError> {
    operator.require(&[Scope::GovernanceRead, Scope::AuditRead])?;
    let query = Query::read(query.as_deref(), &["limit", "cursor"])?;
    let limit = query.limit()?;
    let listing = Listing { path: PATH, tenant: None, filters: &[] };
    let before = match query.text("cursor") {
        None => None,
        Some(cursor) => {
            let position = state.cursors.open(cursor, listing).ok_or(ControlError::BadCursor)?;
            Some(position.id.parse().map_err(|_| ControlError::BadCursor)?)
        }
    };
    // Before the rows are read: what is in force is kept, so one of them is it.
    let status = state.publisher.status();
    let administrator = state.administrator.clone();
    // One more shows whether there is another page.
    let found = spawn_blocking(move || administrator.snapshots(before, limit + 1)).await;
    let mut rows = found.map_err(|_| ControlError::Internal)?.map_err(|_| ControlError::AdminUnavailable)?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| more);
    let cursor = last.and_then(|last| {
        let position = Position { created_at: last.created_at, id: last.version.to_string() };
        state.cursors.seal(&position, listing, state.clock.nonce())
    });
    let snapshots: Vec<_> = rows.iter().map(|row| snapshot_row(row, &status, &operator.by())).collect();
    Ok(Json(json!({"snapshots": snapshots, "cursor": cursor})).into_response())
}
