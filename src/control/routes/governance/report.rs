//! `POST /api/v1/governance/report`: what became of an allowed proposal.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use tokio::task::spawn_blocking;

use crate::control::auth::Operator;
use crate::control::body::{BODY_MAX_BYTES, read_json};
use crate::control::changes::once;
use crate::control::dto::ReportForm;
use crate::control::error::GovernanceError;
use crate::control::query::Query;
use crate::control::routes::governance::propose::bad;
use crate::control::{ControlError, ControlState};
use crate::extract::read_report;
use crate::model::call::Scope;
use crate::model::json::Reader;

/// Takes one report for each decision. It counts for the actor's risk.
pub(super) async fn report(
    operator: Result<Operator, ControlError>,
    State(state): State<ControlState>,
    request: Request,
) -> Result<Response, GovernanceError> {
    let operator = operator?;
    operator.require(&[Scope::GovernancePropose])?;
    Query::read(request.uri().query(), &[])?;
    let (parts, body) = request.into_parts();
    let body = read_json(&parts.headers, body, BODY_MAX_BYTES).await?;
    let taken = read_report(&Reader::default(), &body).map_err(bad)?;
    let desk = Arc::clone(&state.proposals);
    let said = ReportForm::of(&taken);
    let by = operator.clone();
    let work = async move {
        let reporting =
            spawn_blocking(move || desk.report(&by.principal(), |actor| by.speaks_for(actor), &taken));
        reporting.await.map_err(|_| ControlError::Internal)?.map_err(ControlError::Report)?;
        Ok(Json(said).into_response())
    };
    once(&state, &operator, (&parts, &body), work).await
}
