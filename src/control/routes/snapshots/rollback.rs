//! `POST /api/v1/snapshots/{version}/rollback`: the rules and governance objects of an earlier snapshot, in force again.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::task::spawn_blocking;

use crate::control::auth::Operator;
use crate::control::body::Members;
use crate::control::query::Query;
use crate::control::routes::snapshots::one::{VersionPath, version};
use crate::control::{ControlError, ControlState};
use crate::model::call::Scope;

/// Goes back. What is in force when this answers is told by its version and hash.
pub(in crate::control) async fn roll_back(
    operator: Operator,
    State(state): State<ControlState>,
    path: VersionPath,
    request: Request,
) -> Result<Response, ControlError> {
    operator.require(&[Scope::PoliciesManage])?;
    let by = operator.by();
    if !by.deployment {
        return Err(ControlError::DeploymentOnly);
    }
    Query::read(request.uri().query(), &[])?;
    Members::read(request, &[]).await?;
    let version = version(&path)?;
    let rollback = state.rollback;
    let gone_back = spawn_blocking(move || rollback.roll_back(version, &by)).await;
    let reference = gone_back.map_err(|_| ControlError::Internal)?.map_err(ControlError::administered)?;
    let answer = json!({"version": reference.version, "hash": &*reference.hash, "back_to": version});
    Ok(Json(answer).into_response())
}
