//! `/api/v1/actors/{id}`: whether an actor may do anything, and how far it is trusted.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, Request, State};
use axum::response::Response;

use crate::admin::Change;
use crate::control::auth::Operator;
use crate::control::changes::{apply, if_match, read, read_body};
use crate::control::error::GovernanceError;
use crate::control::query::Query;
use crate::control::routes::enforcement::shared::{not_its_own, shown, tenant_of};
use crate::control::{ControlError, ControlState};
use crate::model::call::Scope;
use crate::policy::governance::{Defaults, Kind, ObjectKey};

/// Who may read it.
const READERS: &[Scope] = &[Scope::GovernanceRead, Scope::AuditRead, Scope::GrantsManage];

/// What was set for an actor.
pub(super) async fn show(
    operator: Result<Operator, ControlError>,
    State(state): State<ControlState>,
    actor: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, GovernanceError> {
    let operator = operator?;
    operator.require(READERS)?;
    let query = Query::read(query.as_deref(), &["tenant"])?;
    let missing = ControlError::NoSuch("actor: nothing was set for it, and it counts as active");
    let Ok(Path(actor)) = actor else { return Err(missing.into()) };
    let tenant = Some(tenant_of(&operator, &query)?);
    let key = ObjectKey { kind: Kind::Actor, tenant, name: Arc::from(actor) };
    let governance = state.administrator.objects();
    governance.objects().find(&key).map(|object| shown(object)).ok_or_else(|| missing.into())
}

/// Sets it.
pub(super) async fn set(
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
    let (parts, body) = read_body(request).await?;
    let if_match = if_match(&parts.headers)?;
    let defaults = Defaults { tenant: &operator.by().tenant, actor: Some(&actor), id: None };
    let written = read(Kind::Actor, &body, defaults).await?;
    let applied = apply(&state, &operator, Change::SetActor { written, if_match }).await?;
    Ok(shown(applied.object.as_ref().ok_or(ControlError::Internal)?))
}
