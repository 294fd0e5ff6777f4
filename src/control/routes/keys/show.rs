//! `GET /api/v1/keys` and `GET /api/v1/keys/{id}`: the keys of the caller's tenant, of a key of tenant `default` all.

use std::cmp::Reverse;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};

use crate::admin::IssuedKey;
use crate::control::auth::Operator;
use crate::control::dto::{KeyForm, KeyPageForm};
use crate::control::query::Query;
use crate::control::{ControlError, ControlState, Listing, Position};
use crate::gateway::KeyAdmin;
use crate::identity::Key;
use crate::model::call::Scope;
use crate::model::time::Timestamp;

const PATH: &str = "/api/v1/keys";

/// The id in a path.
pub(super) type KeyPath = Result<Path<String>, PathRejection>;

/// A key of either source.
enum Listed {
    Issued(IssuedKey),
    Configured(Key),
}

impl Listed {
    /// Keys of the configuration have no time: they come last.
    fn position(&self) -> (Timestamp, &str) {
        match self {
            Self::Issued(issued) => (issued.created_at, &issued.key.id),
            Self::Configured(key) => (Timestamp::from_micros(0), &key.id),
        }
    }

    fn form(&self, now: Timestamp) -> KeyForm {
        match self {
            Self::Issued(issued) => KeyForm::issued(issued, now, None),
            Self::Configured(key) => KeyForm::configured(key),
        }
    }
}

/// A page of keys, newest first, and the cursor of the next one. Revoked ones with `state=all` or `state=revoked` only.
pub(in crate::control) async fn list(
    operator: Operator,
    State(state): State<ControlState>,
    RawQuery(query): RawQuery,
) -> Result<Response, ControlError> {
    operator.require(&[Scope::Admin])?;
    let query = Query::read(query.as_deref(), &["state", "limit", "cursor"])?;
    let by = admin(&operator);
    let state_wanted = query.word("state", &["live", "revoked", "all"])?;
    let filters = [("state", state_wanted.unwrap_or_default())];
    let listing = Listing { path: PATH, tenant: by.tenant.as_deref(), filters: &filters };
    let limit = query.limit()?;
    let mut keys = all(&state, &by);
    match state_wanted {
        None | Some("live") => keys.retain(|key| !is_revoked(key)),
        Some("revoked") => keys.retain(is_revoked),
        Some(_) => {}
    }
    keys.sort_by(|one, other| Reverse(one.position()).cmp(&Reverse(other.position())));
    let total = keys.len();
    if let Some(cursor) = query.text("cursor") {
        let after = state.cursors.open(cursor, listing).ok_or(ControlError::BadCursor)?;
        keys.retain(|key| key.position() < (after.created_at, after.id.as_str()));
    }
    let more = keys.len() > limit;
    keys.truncate(limit);
    let cursor = keys.last().filter(|_| more).and_then(|last| {
        let (created_at, id) = last.position();
        state.cursors.seal(&Position { created_at, id: id.to_owned() }, listing, state.clock.nonce())
    });
    let now = state.clock.now();
    let keys = keys.iter().map(|key| key.form(now)).collect();
    Ok(Json(KeyPageForm { keys, total, cursor }).into_response())
}

/// One key.
pub(in crate::control) async fn show(
    operator: Operator,
    State(state): State<ControlState>,
    path: KeyPath,
    RawQuery(query): RawQuery,
) -> Result<Response, ControlError> {
    operator.require(&[Scope::Admin])?;
    Query::read(query.as_deref(), &[])?;
    let id = id(path)?;
    let found = all(&state, &admin(&operator)).into_iter().find(|key| key.position().1 == id);
    let found = found.ok_or(ControlError::NoSuch("key"))?;
    Ok(Json(found.form(state.clock.now())).into_response())
}

/// The id in a path.
///
/// # Errors
/// [`ControlError::NoSuch`].
pub(super) fn id(path: KeyPath) -> Result<String, ControlError> {
    path.map(|Path(id)| id).map_err(|_| ControlError::NoSuch("key"))
}

/// Whoever calls, as an administrator of keys.
pub(super) fn admin(operator: &Operator) -> KeyAdmin {
    let approver = operator.approver();
    KeyAdmin { tenant: approver.tenant().map(Into::into), name: approver.name }
}

/// Every key that `by` administers, each id once; an issued key stands behind one of the configuration that has its id.
fn all(state: &ControlState, by: &KeyAdmin) -> Vec<Listed> {
    let snapshot = state.publisher.handle().load_full();
    let mut keys: Vec<Listed> = Vec::new();
    for key in snapshot.keys.configured().iter().filter(|key| by.administers(&key.tenant)) {
        if !keys.iter().any(|other| other.position().1 == &*key.id) {
            keys.push(Listed::Configured(key.clone()));
        }
    }
    let configured = |id: &str| snapshot.keys.configured().iter().any(|key| &*key.id == id);
    let issued = state.keys.list(by).into_iter().filter(|issued| !configured(&issued.key.id));
    keys.extend(issued.map(Listed::Issued));
    keys
}

fn is_revoked(key: &Listed) -> bool {
    matches!(key, Listed::Issued(issued) if issued.revoked_at.is_some())
}
