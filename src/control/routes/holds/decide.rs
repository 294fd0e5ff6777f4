//! `POST /api/v1/holds/{id}/approve|reject|cancel`: what becomes of a hold. Each answer counts the requests that waited until then:
//! right after it they wait no more.

use axum::extract::{Request, State};
use axum::response::Response;

use crate::control::auth::Operator;
use crate::control::body::Members;
use crate::control::query::Query;
use crate::control::routes::holds::one::{HoldPath, answer, find, id};
use crate::control::{ControlError, ControlState};
use crate::gateway::Vote;
use crate::model::call::Scope;

/// Longest comment, in characters.
const COMMENT_CHARS: usize = 500;

/// An approver says yes.
pub(in crate::control) async fn approve(
    operator: Operator,
    State(state): State<ControlState>,
    path: HoldPath,
    request: Request,
) -> Result<Response, ControlError> {
    decide(&operator, &state, &path, request, Vote::Approve).await
}

/// An approver says no.
pub(in crate::control) async fn reject(
    operator: Operator,
    State(state): State<ControlState>,
    path: HoldPath,
    request: Request,
) -> Result<Response, ControlError> {
    decide(&operator, &state, &path, request, Vote::Reject).await
}

async fn decide(
    operator: &Operator,
    state: &ControlState,
    path: &HoldPath,
    request: Request,
    vote: Vote,
) -> Result<Response, ControlError> {
    operator.require(&[Scope::HoldsApprove])?;
    let (id, comment) = (id(path)?, comment(request).await?);
    let waiting = state.holds.waiters().of(&id);
    let decided = state.holds.decide(&operator.approver(), id, vote, comment).await;
    Ok(answer(&decided.map_err(|error| ControlError::hold(error, state))?, waiting, state))
}

/// The caller gives its call up. No scope is asked for: who may make the call may also not make it.
pub(in crate::control) async fn cancel(
    operator: Operator,
    State(state): State<ControlState>,
    path: HoldPath,
    request: Request,
) -> Result<Response, ControlError> {
    operator.within_rate()?;
    let (caller, approves) = (operator.approver(), operator.may(Scope::HoldsApprove));
    match find(&operator, &state, &path).await {
        Ok(hold) if caller.speaks_for(&hold.ask) => {}
        Ok(_) => return Err(ControlError::OthersHold),
        // One answer for what is another's and for what is not there: it tells such a caller nothing.
        Err(ControlError::NoSuch(_)) if !approves => return Err(ControlError::OthersHold),
        Err(error) => return Err(error),
    }
    let (id, comment) = (id(&path)?, comment(request).await?);
    let waiting = state.holds.waiters().of(&id);
    let cancelled = state.holds.cancel(&caller, id, comment).await;
    Ok(answer(&cancelled.map_err(|error| ControlError::hold(error, &state))?, waiting, &state))
}

/// What is said about it.
async fn comment(request: Request) -> Result<Option<String>, ControlError> {
    Query::read(request.uri().query(), &[])?;
    let members = Members::read(request, &["comment"]).await?;
    Ok(members.text("comment", COMMENT_CHARS)?.map(str::to_owned))
}
