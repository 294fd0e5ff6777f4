//! `/api/v1/capabilities`: what there is to be called, and how dangerous it is.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, Request, State};
use axum::response::Response;

use crate::admin::Change;
use crate::control::auth::Operator;
use crate::control::changes::{apply, once, read, read_body};
use crate::control::error::GovernanceError;
use crate::control::query::Query;
use crate::control::routes::enforcement::shared::{listed, made, shown, visible};
use crate::control::{ControlError, ControlState, page_of};
use crate::model::call::Scope;
use crate::policy::governance::{Defaults, Kind};

const PATH: &str = "/api/v1/capabilities";

/// Who may read them.
const READERS: &[Scope] = &[Scope::GovernanceRead, Scope::AuditRead, Scope::CapabilitiesManage];

/// A page of capabilities.
pub(super) async fn list(
    operator: Result<Operator, ControlError>,
    State(state): State<ControlState>,
    RawQuery(query): RawQuery,
) -> Result<Response, GovernanceError> {
    let operator = operator?;
    operator.require(READERS)?;
    let query = Query::read(query.as_deref(), &["limit", "cursor"])?;
    let found = visible(&state, &operator, Kind::Capability);
    Ok(listed("capabilities", page_of(&state, &operator, (PATH, &query, &[]), found)?))
}

/// One capability, by its id or its name. Of two of that name the caller's own tenant's.
pub(super) async fn show(
    operator: Result<Operator, ControlError>,
    State(state): State<ControlState>,
    id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, GovernanceError> {
    let operator = operator?;
    operator.require(READERS)?;
    Query::read(query.as_deref(), &[])?;
    let missing = ControlError::NoSuch("capability");
    let Ok(Path(id)) = id else { return Err(missing.into()) };
    let tenant = operator.by().tenant;
    let own = |tenanted: Option<&str>| tenanted == Some(&*tenant);
    let found = visible(&state, &operator, Kind::Capability)
        .into_iter()
        .filter(|object| *object.stamp.id == *id || *object.key.name == *id)
        .max_by_key(|object| (own(object.key.tenant.as_deref()), object.key.tenant.is_none()));
    found.map(|object| shown(&object)).ok_or_else(|| missing.into())
}

/// Registers one.
pub(super) async fn register(
    operator: Result<Operator, ControlError>,
    State(state): State<ControlState>,
    request: Request,
) -> Result<Response, GovernanceError> {
    let operator = operator?;
    operator.require(&[Scope::CapabilitiesManage])?;
    Query::read(request.uri().query(), &[])?;
    let (parts, body) = read_body(request).await?;
    let (shared, by, bytes) = (state.clone(), operator.clone(), body.clone());
    let work = async move {
        let defaults = Defaults { tenant: &by.by().tenant, actor: None, id: None };
        let written = read(Kind::Capability, &bytes, defaults).await?;
        let applied = apply(&shared, &by, Change::Register(written)).await?;
        Ok(made(&applied, |object| format!("{PATH}/{}", object.stamp.id))?)
    };
    once(&state, &operator, (&parts, &body), work).await
}
