//! `POST /api/v1/actors/{id}/drift/recalibrate`: what an actor does from now on is what it is compared with.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};

use crate::control::auth::Operator;
use crate::control::body::{BODY_MAX_BYTES, Members, read_json_or_none};
use crate::control::changes::once;
use crate::control::dto::RecalibrationForm;
use crate::control::error::GovernanceError;
use crate::control::query::Query;
use crate::control::routes::enforcement::shared::{not_its_own, tenant_named};
use crate::control::{ControlError, ControlState};
use crate::gateway::{Recalibration, RecalibrationRefused};
use crate::model::call::Scope;

/// Longest reason, in characters.
const REASON_CHARS: usize = 500;

/// Has the actor's drift baseline forgotten, and tells what it was. What has begun goes on to its end if the caller leaves. The tenant is
/// named in the body, where setting an actor has it too, so that it belongs to what an idempotency key stands for.
pub(super) async fn recalibrate(
    operator: Result<Operator, ControlError>,
    State(state): State<ControlState>,
    actor: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, GovernanceError> {
    let operator = operator?;
    operator.require(&[Scope::GrantsManage])?;
    let Ok(Path(actor)) = actor else { return Err(ControlError::NoSuch("actor").into()) };
    not_its_own(&operator, &actor)?;
    Query::read(request.uri().query(), &[])?;
    let (parts, body) = request.into_parts();
    let body = read_json_or_none(&parts.headers, body, BODY_MAX_BYTES).await?;
    let members = Members::parse(&body, &["reason", "tenant"])?;
    let tenant = tenant_named(&operator, members.text("tenant", BODY_MAX_BYTES)?)?;
    let reason = members.text("reason", REASON_CHARS)?.map(str::to_owned);
    let (desk, by) = (state.drift.clone(), operator.by());
    let snapshot = state.publisher.handle().load_full();
    let work = async move {
        let asked = Recalibration { tenant: &tenant, actor: &actor, by: &by.key, reason: reason.as_deref() };
        let done = desk.recalibrate(&snapshot, asked).await.map_err(refused)?;
        Ok(Json(RecalibrationForm::new(&tenant, &actor, done)).into_response())
    };
    once(&state, &operator, (&parts, &body), work).await
}

const fn refused(refused: RecalibrationRefused) -> ControlError {
    match refused {
        RecalibrationRefused::Off => ControlError::NoSuch("baseline: calls do not pass the gates"),
        RecalibrationRefused::Unobserved => ControlError::NoSuch("actor: nothing was observed of it"),
        RecalibrationRefused::Ledger => ControlError::LedgerUnavailable,
    }
}
