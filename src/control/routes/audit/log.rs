//! `GET /api/v1/audit/log` and `.../{decision_id}`: the records of the ledger, and all there is of one decision.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};

use crate::audit::index::AuditQuery;
use crate::control::auth::Operator;
use crate::control::dto::{EntryForm, EntryPage, Trail, kind_of};
use crate::control::lists::ledger;
use crate::control::query::Query;
use crate::control::{ControlError, ControlState, FilterNames};
use crate::model::call::Scope;
use crate::model::decision::Outcome;

const PATH: &str = "/api/v1/audit/log";

const FILTERS: FilterNames = &["actor_id", "capability", "outcome", "event_type", "since", "until"];

/// A page of records, the newest first. What became of a call is shown with its decision.
pub(in crate::control) async fn list(
    operator: Operator,
    State(state): State<ControlState>,
    RawQuery(query): RawQuery,
) -> Result<Json<EntryPage>, ControlError> {
    operator.require(&[Scope::AuditRead])?;
    let known = [FILTERS, &["limit", "cursor"]].concat();
    let query = Query::read(query.as_deref(), &known)?;
    let text = |name: &str| query.text(name).map(str::to_owned);
    let wanted = AuditQuery {
        kinds: query.text("event_type").map(|event| kind_of(event).to_owned()).into_iter().collect(),
        // What belongs to no tenant is the deployment's.
        or_no_tenant: operator.by().deployment,
        actor: text("actor_id"),
        capability: text("capability"),
        outcome: query.word("outcome", &Outcome::ALL.map(Outcome::as_str))?.map(str::to_owned),
        since: query.time("since")?,
        until: query.time("until")?,
        ..AuditQuery::default()
    };
    let page = ledger::page(&state, &operator, (PATH, &query, FILTERS), wanted, EntryForm::of).await?;
    Ok(Json(EntryPage { entries: page.items, total: page.total, cursor: page.cursor }))
}

/// The trail of a decision, by its id, the UUID in it, or its `audit_ref`.
pub(in crate::control) async fn show(
    operator: Operator,
    State(state): State<ControlState>,
    id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Json<Trail>, ControlError> {
    operator.require(&[Scope::AuditRead])?;
    Query::read(query.as_deref(), &[])?;
    let missing = ControlError::NoSuch("decision");
    let Ok(Path(id)) = id else { return Err(missing) };
    ledger::decision(&state, &operator, id, Trail::of).await?.map(Json).ok_or(missing)
}
