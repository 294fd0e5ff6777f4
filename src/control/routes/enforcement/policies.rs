//! `/api/v1/policies`: what may be called when.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, Request, State};
use axum::response::Response;

use crate::admin::Change;
use crate::control::auth::Operator;
use crate::control::changes::{apply, if_match, once, read, read_body};
use crate::control::error::GovernanceError;
use crate::control::query::Query;
use crate::control::routes::enforcement::shared::{listed, made, shown, visible};
use crate::control::{ControlError, ControlState, FilterNames, page_of};
use crate::model::call::Scope;
use crate::policy::governance::{Content, Defaults, Kind, Object};

const PATH: &str = "/api/v1/policies";
const FILTERS: FilterNames = &["enabled"];

/// What the ids of policies begin with.
const POLICY: &str = "pol_";

/// A page of policies: those that are enabled, unless others are asked for.
pub(super) async fn list(
    operator: Result<Operator, ControlError>,
    State(state): State<ControlState>,
    RawQuery(query): RawQuery,
) -> Result<Response, GovernanceError> {
    let operator = operator?;
    operator.require(&[Scope::PoliciesManage])?;
    let query = Query::read(query.as_deref(), &["enabled", "limit", "cursor"])?;
    let wanted = match query.word("enabled", &["true", "false", "all"])? {
        None | Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => None,
    };
    let mut found = visible(&state, &operator, Kind::Policy);
    found.retain(|object| wanted.is_none_or(|wanted| is_enabled(object) == wanted));
    Ok(listed("policies", page_of(&state, &operator, (PATH, &query, FILTERS), found)?))
}

fn is_enabled(object: &Object) -> bool {
    matches!(&object.content, Content::Policy(policy) if policy.enabled)
}

/// One policy, by its id.
pub(super) async fn show(
    operator: Result<Operator, ControlError>,
    State(state): State<ControlState>,
    id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, GovernanceError> {
    let operator = operator?;
    operator.require(&[Scope::PoliciesManage])?;
    Query::read(query.as_deref(), &[])?;
    let Ok(Path(id)) = id else { return Err(missing()) };
    let mut found = visible(&state, &operator, Kind::Policy).into_iter();
    found.find(|object| *object.stamp.id == *id).map(|object| shown(&object)).ok_or_else(missing)
}

fn missing() -> GovernanceError {
    ControlError::NoSuch("policy").into()
}

/// Makes one.
pub(super) async fn create(
    operator: Result<Operator, ControlError>,
    State(state): State<ControlState>,
    request: Request,
) -> Result<Response, GovernanceError> {
    let operator = operator?;
    operator.require(&[Scope::PoliciesManage])?;
    Query::read(request.uri().query(), &[])?;
    let (parts, body) = read_body(request).await?;
    let (shared, by, bytes) = (state.clone(), operator.clone(), body.clone());
    let work = async move {
        let id = shared.clock.id(POLICY, shared.clock.now()).to_string();
        let defaults = Defaults { tenant: &by.by().tenant, actor: None, id: Some(&id) };
        let written = read(Kind::Policy, &bytes, defaults).await?;
        let applied = apply(&shared, &by, Change::CreatePolicy(written)).await?;
        Ok(made(&applied, |object| format!("{PATH}/{}", object.stamp.id))?)
    };
    once(&state, &operator, (&parts, &body), work).await
}

/// Puts another policy in the place of one.
pub(super) async fn replace(
    operator: Result<Operator, ControlError>,
    State(state): State<ControlState>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, GovernanceError> {
    let operator = operator?;
    operator.require(&[Scope::PoliciesManage])?;
    Query::read(request.uri().query(), &[])?;
    let (parts, body) = read_body(request).await?;
    let if_match = if_match(&parts.headers)?;
    let Ok(Path(id)) = id else { return Err(missing()) };
    let defaults = Defaults { tenant: &operator.by().tenant, actor: None, id: Some(&id) };
    let written = read(Kind::Policy, &body, defaults).await?;
    let change = Change::ReplacePolicy { id: Arc::from(id), written, if_match };
    let applied = apply(&state, &operator, change).await?;
    let object = applied.object.ok_or(ControlError::Internal)?;
    Ok(shown(&object))
}
