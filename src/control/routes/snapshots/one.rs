//! `GET /api/v1/snapshots/{version}`: what a snapshot was made of, as far as its reader's tenant may see it.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use tokio::task::spawn_blocking;

use crate::control::auth::Operator;
use crate::control::dto::snapshot_content;
use crate::control::query::Query;
use crate::control::{ControlError, ControlState};
use crate::model::call::Scope;

/// What stands in the path of a snapshot, as far as it could be decoded.
pub(super) type VersionPath = Result<Path<String>, PathRejection>;

/// The snapshot.
pub(in crate::control) async fn show(
    operator: Operator,
    State(state): State<ControlState>,
    path: VersionPath,
    RawQuery(query): RawQuery,
) -> Result<Response, ControlError> {
    operator.require(&[Scope::GovernanceRead, Scope::AuditRead])?;
    Query::read(query.as_deref(), &[])?;
    let version = version(&path)?;
    let (administrator, by) = (state.administrator.clone(), operator.by());
    let status = state.publisher.status();
    let made = spawn_blocking(move || {
        administrator.snapshot(version).map(|content| snapshot_content(&content, &status, &by))
    });
    let shown = made.await.map_err(|_| ControlError::Internal)?.map_err(ControlError::administered)?;
    Ok(Json(shown).into_response())
}

/// The version in a path: digits, as lists show it.
///
/// # Errors
/// [`ControlError::NoSuch`].
pub(super) fn version(path: &VersionPath) -> Result<u64, ControlError> {
    let text = path.as_ref().map_err(|_| ControlError::NoSuch("snapshot"))?;
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| plain).ok_or(ControlError::NoSuch("snapshot"))
}
