//! What the paths have in common: who sees which objects, and what an answer with one looks like.

use std::sync::Arc;

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{ETAG, HeaderValue, LOCATION};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use crate::control::auth::Operator;
use crate::control::dto::object_form;
use crate::control::query::Query;
use crate::control::{ControlError, ControlState, ObjectPage};
use crate::gateway::Applied;
use crate::policy::governance::{Kind, Object};

/// The objects of a kind that the caller sees: those of its tenant and of the deployment, and to a key of the deployment all.
pub(super) fn visible(state: &ControlState, operator: &Operator, kind: Kind) -> Vec<Arc<Object>> {
    let by = operator.by();
    let governance = state.administrator.objects();
    let objects = governance.objects().iter().filter(|object| object.key.kind == kind);
    let sees = |object: &&Arc<Object>| {
        by.deployment || object.key.tenant.as_deref().is_none_or(|tenant| tenant == &*by.tenant)
    };
    objects.filter(sees).cloned().collect()
}

/// The tenant whose actor is meant: the caller's own, or the one that the query of a key of the deployment names.
///
/// # Errors
/// 403 for another tenant.
pub(super) fn tenant_of(operator: &Operator, query: &Query) -> Result<Arc<str>, ControlError> {
    tenant_named(operator, query.text("tenant"))
}

/// The same where `tenant` is what was named.
///
/// # Errors
/// 403 for another tenant.
pub(super) fn tenant_named(operator: &Operator, tenant: Option<&str>) -> Result<Arc<str>, ControlError> {
    let by = operator.by();
    match tenant {
        Some(tenant) if by.deployment || tenant == &*by.tenant => Ok(tenant.into()),
        Some(_) => Err(ControlError::Refused(crate::admin::Refused::Forbidden { tenant: by.tenant })),
        None => Ok(by.tenant),
    }
}

/// Whoever administers actors does not speak for them, unless it may do everything anyway.
///
/// # Errors
/// 403 where the key speaks for `actor`.
pub(super) fn not_its_own(operator: &Operator, actor: &str) -> Result<(), ControlError> {
    if operator.is_own(actor) { Err(ControlError::OwnActor) } else { Ok(()) }
}

/// A page of objects as the list `name`.
pub(super) fn listed(name: &str, page: ObjectPage) -> Response {
    let mut members = Map::new();
    let objects = page.objects.iter().map(|object| Value::Object(object_form(object)));
    members.insert(name.to_owned(), objects.collect());
    members.insert("total".to_owned(), page.total.into());
    members.insert("cursor".to_owned(), page.cursor.into());
    Json(Value::Object(members)).into_response()
}

/// One object. Its version is the entity tag.
pub(super) fn shown(object: &Object) -> Response {
    let mut response = Json(Value::Object(object_form(object))).into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", object.stamp.version)) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// The object that a change made, at `place` if it was not there before.
///
/// # Errors
/// 500 where the change made none, which it always does.
pub(super) fn made(
    applied: &Applied,
    place: impl FnOnce(&Object) -> String,
) -> Result<Response, ControlError> {
    let object = applied.object.as_ref().ok_or(ControlError::Internal)?;
    let mut response = shown(object);
    if applied.created {
        *response.status_mut() = StatusCode::CREATED;
        if let Ok(place) = HeaderValue::from_str(&place(object)) {
            response.headers_mut().insert(LOCATION, place);
        }
    }
    Ok(response)
}

/// A text as a part of a path.
pub(super) fn segment(text: &str) -> String {
    let mut path = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path
}
