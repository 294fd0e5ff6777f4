//! `/api/v1/kill-switch`: stops everything, or the calls of one tenant.

use axum::Json;
use axum::extract::{RawQuery, Request, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::admin::Change;
use crate::control::auth::Operator;
use crate::control::changes::{apply, if_match, read, read_body};
use crate::control::dto::object_form;
use crate::control::query::Query;
use crate::control::routes::enforcement::shared::{shown, visible};
use crate::control::{ControlError, ControlState};
use crate::model::call::Scope;
use crate::policy::governance::{Defaults, Kind};

/// Who may read it.
const READERS: &[Scope] = &[Scope::GovernanceRead, Scope::AuditRead];

/// Whether calls of the caller's tenant are stopped, and by what; to a key of the deployment every tenant's switch is shown.
pub(super) async fn show(
    operator: Operator,
    State(state): State<ControlState>,
    RawQuery(query): RawQuery,
) -> Result<Response, ControlError> {
    operator.require(READERS)?;
    Query::read(query.as_deref(), &[])?;
    let stops = state.administrator.objects().kill_switch(&operator.by().tenant).is_some();
    let switches = visible(&state, &operator, Kind::KillSwitch);
    let switches: Vec<_> = switches.iter().map(|switch| Value::Object(object_form(switch))).collect();
    Ok(Json(json!({"active": stops, "kill_switches": switches})).into_response())
}

/// Sets it. It holds for every call that comes after the answer.
pub(super) async fn set(
    operator: Operator,
    State(state): State<ControlState>,
    request: Request,
) -> Result<Response, ControlError> {
    operator.require(&[Scope::Admin])?;
    Query::read(request.uri().query(), &[])?;
    let (parts, body) = read_body(request).await?;
    let if_match = if_match(&parts.headers)?;
    let defaults = Defaults { tenant: &operator.by().tenant, actor: None, id: None };
    let written = read(Kind::KillSwitch, &body, defaults).await?;
    let applied = apply(&state, &operator, Change::SetKillSwitch { written, if_match }).await?;
    Ok(shown(applied.object.as_ref().ok_or(ControlError::Internal)?))
}
