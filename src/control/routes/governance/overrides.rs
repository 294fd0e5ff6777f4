//! `GET`, `POST` and `DELETE /api/v1/governance/decisions/{id}/override`: two people let a change pass that failed gates.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, Request, State};
use axum::response::{IntoResponse, Response};

use crate::control::auth::Operator;
use crate::control::body::{BODY_MAX_BYTES, Members, read_json};
use crate::control::changes::once;
use crate::control::dto::OverrideForm;
use crate::control::error::GovernanceError;
use crate::control::query::Query;
use crate::control::routes::governance::decisions::is_decision;
use crate::control::{ControlError, ControlState};
use crate::model::call::Scope;

/// Who may see how an override stands.
const READERS: &[Scope] = &[Scope::GovernanceRead, Scope::AuditRead, Scope::HoldsApprove];

/// Longest justification, in characters.
const JUSTIFICATION_CHARS: usize = 2000;

/// What stands in the path, as far as it could be decoded.
type IdPath = Result<Path<String>, PathRejection>;

/// How it stands.
pub(super) async fn show(
    operator: Result<Operator, ControlError>,
    State(state): State<ControlState>,
    path: IdPath,
    RawQuery(query): RawQuery,
) -> Result<Json<OverrideForm>, GovernanceError> {
    let operator = operator?;
    operator.require(READERS)?;
    Query::read(query.as_deref(), &[])?;
    let tenant = operator.tenant().map(Arc::from);
    let shown = state.overrides.show(tenant, id(path)?).await.map_err(ControlError::Override)?;
    Ok(Json(OverrideForm::new(&shown, state.clock.now())))
}

/// Somebody votes for it. What has begun goes on to its end if the caller leaves.
pub(super) async fn vote(
    operator: Result<Operator, ControlError>,
    State(state): State<ControlState>,
    path: IdPath,
    request: Request,
) -> Result<Response, GovernanceError> {
    let operator = operator?;
    operator.require(&[Scope::HoldsApprove])?;
    Query::read(request.uri().query(), &[])?;
    let (parts, body) = request.into_parts();
    let body = read_json(&parts.headers, body, BODY_MAX_BYTES).await?;
    let justification = justification(&body)?;
    let id = id(path)?;
    let (desk, clock) = (Arc::clone(&state.overrides), Arc::clone(&state.clock));
    let approver = operator.approver();
    let work = async move {
        let voted = desk.vote(&approver, id, &justification).await.map_err(ControlError::Override)?;
        Ok(Json(OverrideForm::new(&voted, clock.now())).into_response())
    };
    once(&state, &operator, (&parts, &body), work).await
}

/// Whoever voted takes the vote back. What has begun goes on to its end if the caller leaves.
pub(super) async fn withdraw(
    operator: Result<Operator, ControlError>,
    State(state): State<ControlState>,
    path: IdPath,
    RawQuery(query): RawQuery,
) -> Result<Json<OverrideForm>, GovernanceError> {
    let operator = operator?;
    operator.require(&[Scope::HoldsApprove])?;
    Query::read(query.as_deref(), &[])?;
    let id = id(path)?;
    let (desk, clock) = (Arc::clone(&state.overrides), Arc::clone(&state.clock));
    let approver = operator.approver();
    let work = async move {
        let left = desk.withdraw(&approver, id).await.map_err(ControlError::Override)?;
        Ok(Json(OverrideForm::new(&left, clock.now())))
    };
    tokio::spawn(work).await.map_err(|_| ControlError::Internal)?
}

/// Why the evaluation may be overridden, exactly as it was sent: its bytes are what both people agree on.
fn justification(body: &[u8]) -> Result<String, ControlError> {
    const NAME: &str = "justification";
    let members = Members::parse(body, &[NAME])?;
    let text = members.text(NAME, JUSTIFICATION_CHARS)?.filter(|text| !text.trim().is_empty());
    let missing = || {
        let detail = format!("{NAME} says why, in 1 to {JUSTIFICATION_CHARS} characters.");
        ControlError::bad_body(Some(NAME), detail)
    };
    text.map(str::to_owned).ok_or_else(missing)
}

fn id(path: IdPath) -> Result<String, ControlError> {
    let id = path.ok().map(|Path(id)| id).filter(|id| is_decision(id));
    id.ok_or(ControlError::NoSuch("decision"))
}
