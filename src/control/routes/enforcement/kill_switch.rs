//! `PUT /api/v1/kill-switch`: stops everything, or the calls of one tenant.

use axum::extract::{Request, State};
use axum::response::Response;

use crate::admin::Change;
use crate::control::auth::Operator;
use crate::control::changes::{apply, read, read_body};
use crate::control::query::Query;
use crate::control::routes::enforcement::shared::shown;
use crate::control::{ControlError, ControlState};
use crate::model::call::Scope;
use crate::policy::governance::{Defaults, Kind};

/// Sets it. It holds for every call that comes after the answer.
pub(super) async fn set(
    operator: Operator,
    State(state): State<ControlState>,
    request: Request,
) -> Result<Response, ControlError> {
    operator.require(&[Scope::Admin])?;
    Query::read(request.uri().query(), &[])?;
    let (_, body) = read_body(request).await?;
    let defaults = Defaults { tenant: &operator.by().tenant, actor: None, id: None };
    let written = read(Kind::KillSwitch, &body, defaults)?;
    let applied = apply(&state, &operator, Change::SetKillSwitch(written)).await?;
    Ok(shown(applied.object.as_ref().ok_or(ControlError::Internal)?))
}
