//! `GET /api/v1/holds`: the holds an approver may see, newest first, a page at a time.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};

use crate::control::auth::Operator;
use crate::control::dto::{HoldForm, HoldPageForm};
use crate::control::query::Query;
use crate::control::{ControlError, ControlState, Listing, Position};
use crate::holds::{HoldFilter, HoldState};
use crate::model::call::Scope;
use crate::model::id::{HOLD, Id};
use crate::model::time::Timestamp;

const PATH: &str = "/api/v1/holds";

/// A page of holds, and the cursor of the next one.
pub(in crate::control) async fn list(
    operator: Operator,
    State(state): State<ControlState>,
    RawQuery(query): RawQuery,
) -> Result<Response, ControlError> {
    operator.require(&[Scope::HoldsApprove])?;
    let query = Query::read(query.as_deref(), &["state", "capability", "actor", "limit", "cursor"])?;
    let approver = operator.approver();
    let text = |name: &str| query.text(name).unwrap_or_default();
    let filters = ["state", "capability", "actor"].map(|name| (name, text(name)));
    let listing = Listing { path: PATH, tenant: approver.tenant(), filters: &filters };
    let limit = query.limit()?;
    let filter = HoldFilter {
        tenant: None,
        state: standing(&query)?,
        capability: query.text("capability").map(str::to_owned),
        actor: query.text("actor").map(str::to_owned),
        before: before(&query, &state, listing)?,
        // One more shows whether there is another page.
        limit: limit + 1,
    };
    let mut page =
        state.holds.list(&approver, filter).await.map_err(|error| ControlError::hold(error, &state))?;
    let more = page.holds.len() > limit;
    page.holds.truncate(limit);
    let last = page.holds.last().filter(|_| more);
    let cursor = last.and_then(|last| {
        let position = Position { created_at: last.ask.created_at, id: last.id.to_string() };
        state.cursors.seal(&position, listing, state.clock.nonce())
    });
    let now = state.clock.now();
    let waiters = state.holds.waiters();
    let holds = page.holds.iter().map(|hold| HoldForm::new(hold, waiters.of(&hold.id), now)).collect();
    Ok(Json(HoldPageForm { holds, total: page.total, cursor }).into_response())
}

fn standing(query: &Query) -> Result<Option<HoldState>, ControlError> {
    let Some(name) = query.value("state") else { return Ok(None) };
    let state = HoldState::parse(name).ok_or_else(|| {
        let states = HoldState::ALL.map(HoldState::as_str).join(", ");
        ControlError::bad_query(
            Some("state"),
            format!("state is one of {states}; without it all are listed."),
        )
    })?;
    Ok(Some(state))
}

fn before(
    query: &Query,
    state: &ControlState,
    listing: Listing<'_>,
) -> Result<Option<(Timestamp, Id)>, ControlError> {
    let Some(cursor) = query.text("cursor") else { return Ok(None) };
    let position = state.cursors.open(cursor, listing).ok_or(ControlError::BadCursor)?;
    let id = Id::parse(HOLD, &position.id).ok_or(ControlError::BadCursor)?;
    Ok(Some((position.created_at, id)))
}
