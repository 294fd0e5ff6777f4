//! `POST /api/v1/keys`, `POST /api/v1/keys/{id}/rotate` and `DELETE /api/v1/keys/{id}`. Each is in force for the request after its
//! answer.

use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::admin::IssuedKey;
use crate::config::read_key;
use crate::control::auth::Operator;
use crate::control::body::read_object;
use crate::control::dto::KeyForm;
use crate::control::query::Query;
use crate::control::routes::keys::show::{KeyPath, admin, id};
use crate::control::{ControlError, ControlState};
use crate::decision::compile_key;
use crate::gateway::{KeyAdmin, KeyRefused};
use crate::identity::Key;
use crate::model::call::Scope;
use crate::model::document::Problem;

/// How long the text before the latest is good unless told otherwise, in seconds.
const OVERLAP_S: u64 = 3600;
/// The longest that it may be: a week.
const OVERLAP_MAX_S: u64 = 604_800;

/// Where the configuration would have the key.
const AT: &str = "control.keys[0]";

/// Issues a key. Its text is in this answer and nowhere else.
pub(in crate::control) async fn issue(
    operator: Operator,
    State(state): State<ControlState>,
    request: Request,
) -> Result<Response, ControlError> {
    operator.require(&[Scope::Admin])?;
    Query::read(request.uri().query(), &[])?;
    let by = admin(&operator);
    let key = wanted(read_object(request).await?, &by)?;
    let desk = std::sync::Arc::clone(&state.keys);
    let (issued, text) = blocking(move || desk.issue(key, &by)).await?;
    let location = HeaderValue::from_str(&format!("/api/v1/keys/{}", issued.key.id));
    let mut response = told(&issued, text, &state, StatusCode::CREATED);
    if let Ok(location) = location {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// Gives a key another text, told in this answer and nowhere else. The one before is good for `overlap_s` more.
pub(in crate::control) async fn rotate(
    operator: Operator,
    State(state): State<ControlState>,
    path: KeyPath,
    request: Request,
) -> Result<Response, ControlError> {
    operator.require(&[Scope::Admin])?;
    Query::read(request.uri().query(), &[])?;
    let (id, by) = (id(path)?, admin(&operator));
    let overlap = overlap(&read_object(request).await?)?;
    let desk = std::sync::Arc::clone(&state.keys);
    let (rotated, text) = blocking(move || desk.rotate(&id, overlap, &by)).await?;
    Ok(told(&rotated, text, &state, StatusCode::OK))
}

/// Revokes a key.
pub(in crate::control) async fn revoke(
    operator: Operator,
    State(state): State<ControlState>,
    path: KeyPath,
    request: Request,
) -> Result<Response, ControlError> {
    operator.require(&[Scope::Admin])?;
    Query::read(request.uri().query(), &[])?;
    let (id, by) = (id(path)?, admin(&operator));
    let desk = std::sync::Arc::clone(&state.keys);
    blocking(move || desk.revoke(&id, &by)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Does what waits for the disk elsewhere.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, KeyRefused> + Send + 'static,
) -> Result<T, ControlError> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|_| ControlError::Internal)?;
    done.map_err(ControlError::from)
}

fn told(issued: &IssuedKey, text: String, state: &ControlState, status: StatusCode) -> Response {
    let form = KeyForm::issued(issued, state.clock.now(), Some(text));
    let mut response = (status, Json(form)).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The key that a body describes: as in the configuration, but for its hash.
fn wanted(mut body: Map<String, Value>, by: &KeyAdmin) -> Result<Key, ControlError> {
    if body.contains_key("hash") {
        let detail = "The gateway makes the text, so there is no hash to be given.".to_owned();
        return Err(ControlError::bad_body(Some("hash"), detail));
    }
    if let Some(Value::String(id)) = body.get("id")
        && !is_id(id)
    {
        let detail =
            "id begins with a letter or digit, and has letters, digits, . _ : @ and - only, 128 at most.";
        return Err(ControlError::bad_body(Some("id"), detail.to_owned()));
    }
    body.entry("tenant").or_insert_with(|| json!(by.own_tenant()));
    // Any, since what is written must have one. The desk puts the real one in its place.
    body.insert("hash".to_owned(), json!(format!("sha256:{}", "0".repeat(64))));
    let key = read_key(&Value::Object(body))
        .map_err(|problems| problems.into_list().first().map_or(ControlError::Internal, complaint))?;
    Ok(compile_key(&key))
}

/// The first thing that is wrong, told of the member.
fn complaint(problem: &Problem) -> ControlError {
    let path = problem.path.strip_prefix(AT).unwrap_or(&problem.path).trim_start_matches('.');
    let hint = problem.hint.as_deref().map(|hint| format!("; {hint}")).unwrap_or_default();
    let subject = if path.is_empty() { "The key" } else { path };
    ControlError::bad_body(
        Some(path).filter(|path| !path.is_empty()),
        format!("{subject}: {}{hint}.", problem.message),
    )
}

/// What can stand in a path, a record and a line of the log as it is.
fn is_id(id: &str) -> bool {
    id.len() <= 128
        && id.starts_with(|first: char| first.is_ascii_alphanumeric())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:@-".contains(&byte))
}

fn overlap(body: &Map<String, Value>) -> Result<Duration, ControlError> {
    if let Some(name) = body.keys().find(|name| *name != "overlap_s") {
        let name: String = name.chars().take(64).collect();
        let detail = "The body has an unknown member. This path takes overlap_s.".to_owned();
        return Err(ControlError::bad_body(Some(&name), detail));
    }
    let seconds = match body.get("overlap_s") {
        None | Some(Value::Null) => Some(OVERLAP_S),
        Some(value) => value.as_u64().filter(|seconds| *seconds <= OVERLAP_MAX_S),
    };
    let seconds = seconds.ok_or_else(|| {
        let detail = format!("overlap_s is a whole number of seconds from 0 to {OVERLAP_MAX_S}.");
        ControlError::bad_body(Some("overlap_s"), detail)
    })?;
    Ok(Duration::from_secs(seconds))
}

impl From<KeyRefused> for ControlError {
    fn from(refused: KeyRefused) -> Self {
        use crate::gateway::PublishError;
        match refused {
            KeyRefused::NotFound => Self::NoSuch("key"),
            KeyRefused::Foreign => Self::ForeignTenant,
            KeyRefused::Failed(error) => {
                tracing::error!(%error, "a change of keys was refused");
                match error {
                    PublishError::Store(_) => Self::StoreUnavailable,
                    _ => Self::LedgerUnavailable,
                }
            }
            KeyRefused::Conflict(conflict) => Self::Key(conflict),
        }
    }
}
