//! `POST /risk-check`: one comparison. Nothing is recorded, as the document warns.

use axum::Json;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::audit::record::EVALUATION;
use crate::control::ControlState;
use crate::control::error::EvaluationError;
use crate::control::routes::evaluation::caller::Caller;
use crate::control::routes::evaluation::evaluate::{body, read};
use crate::risk::gates::RiskCheckRequest;

/// Whether a risk is below a threshold.
///
/// # Errors
/// 400, 403, 408, 413, 429.
pub(super) async fn check(state: ControlState, request: Request) -> Result<Response, EvaluationError> {
    let caller = Caller::admit(&state, &request)?;
    let bytes = body(request).await?;
    let read = read(&bytes)?;
    state.metrics.dry(EVALUATION).count();
    let mut told = RiskCheckRequest::read(&read)?.to_json();
    told.insert("_tenant_id".to_owned(), caller.tenant().into());
    told.insert("_request_id".to_owned(), caller.request_id().into());
    Ok(Json(Value::Object(told)).into_response())
}
