//! `/api/v1/actors/{id}/grants`: which capabilities an actor has a right to.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::admin::Change;
use crate::control::auth::Operator;
use crate::control::changes::{apply, once, read, read_body};
use crate::control::error::GovernanceError;
use crate::control::query::Query;
use crate::control::routes::enforcement::shared::{listed, made, not_its_own, segment, shown, tenant_of};
use crate::control::{ControlError, ControlState, FilterNames, page_of};
use crate::model::call::{CapabilityName, Scope, is_actor_id};
use crate::policy::governance::{Content, Defaults, Kind, Object, ObjectKey};

const FILTERS: FilterNames = &["tenant"];

/// Who may read them.
const READERS: &[Scope] = &[Scope::GovernanceRead, Scope::AuditRead, Scope::GrantsManage];

/// A page of an actor's grants; of an actor nobody knows, none.
pub(super) async fn list(
    operator: Result<Operator, ControlError>,
    State(state): State<ControlState>,
    actor: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, GovernanceError> {
    let operator = operator?;
    operator.require(READERS)?;
    let query = Query::read(query.as_deref(), &["tenant", "limit", "cursor"])?;
    let Ok(Path(actor)) = actor else { return Err(ControlError::NoSuch("actor").into()) };
    let tenant = tenant_of(&operator, &query)?;
    let found = of(&state, &tenant, &actor);
    let path = format!("/api/v1/actors/{}/grants", segment(&actor));
    Ok(listed("grants", page_of(&state, &operator, (&path, &query, FILTERS), found)?))
}

fn of(state: &ControlState, tenant: &str, actor: &str) -> Vec<Arc<Object>> {
    let governance = state.administrator.objects();
    let is_its = |object: &&Arc<Object>| {
        object.key.tenant.as_deref() == Some(tenant)
            && matches!(&object.content, Content::Grant(grant) if *grant.actor == *actor)
    };
    governance.objects().iter().filter(is_its).cloned().collect()
}

/// One grant.
pub(super) async fn show(
    operator: Result<Operator, ControlError>,
    State(state): State<ControlState>,
    of: Result<Path<(String, String)>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, GovernanceError> {
    let operator = operator?;
    operator.require(READERS)?;
    let query = Query::read(query.as_deref(), &["tenant"])?;
    let missing = ControlError::NoSuch("grant");
    let Ok(Path((actor, capability))) = of else { return Err(missing.into()) };
    let key = ObjectKey::grant(&tenant_of(&operator, &query)?, &actor, &capability);
    let governance = state.administrator.objects();
    governance.objects().find(&key).map(|object| shown(object)).ok_or_else(|| missing.into())
}

/// Gives one, in the place of one before.
pub(super) async fn grant(
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
    let (shared, by, bytes) = (state.clone(), operator.clone(), body.clone());
    let work = async move {
        let defaults = Defaults { tenant: &by.by().tenant, actor: Some(&actor), id: None };
        let written = read(Kind::Grant, &bytes, defaults).await?;
        let applied = apply(&shared, &by, Change::Grant(written)).await?;
        let capability = |object: &Object| match &object.content {
            Content::Grant(grant) => grant.capability.as_str().to_owned(),
            _ => String::new(),
        };
        let place =
            |object: &Object| format!("/api/v1/actors/{}/grants/{}", segment(&actor), capability(object));
        Ok(made(&applied, place)?)
    };
    once(&state, &operator, (&parts, &body), work).await
}

/// Takes one away, where there is one: it is gone in any case.
pub(super) async fn revoke(
    operator: Result<Operator, ControlError>,
    State(state): State<ControlState>,
    of: Result<Path<(String, String)>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, GovernanceError> {
    let operator = operator?;
    operator.require(&[Scope::GrantsManage])?;
    let query = Query::read(query.as_deref(), &["tenant"])?;
    let Ok(Path((actor, capability))) = of else { return Err(ControlError::NoSuch("grant").into()) };
    if CapabilityName::parse(&capability).is_err() || !is_actor_id(&actor) {
        // Most likely a slip: what it was meant for would still be granted.
        return Err(ControlError::NoSuch("grant: no capability or actor can have that name").into());
    }
    let tenant = tenant_of(&operator, &query)?;
    let change = Change::Revoke { tenant, actor: actor.into(), capability: capability.into() };
    apply(&state, &operator, change).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
