//! `GET /api/v1/holds/{id}`: one hold, for approvers and for the actor that asked.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};

use crate::control::auth::Operator;
use crate::control::dto::HoldForm;
use crate::control::query::Query;
use crate::control::{ControlError, ControlState};
use crate::gateway::HoldError;
use crate::holds::Hold;
use crate::model::call::Scope;
use crate::model::id::{HOLD, Id};

/// What stands in the path of a hold, as far as it could be decoded.
pub(super) type HoldPath = Result<Path<String>, PathRejection>;

/// The hold.
pub(in crate::control) async fn show(
    operator: Operator,
    State(state): State<ControlState>,
    path: HoldPath,
    RawQuery(query): RawQuery,
) -> Result<Response, ControlError> {
    operator.within_rate()?;
    let found = find(&operator, &state, &path).await;
    if !operator.may(Scope::HoldsApprove) {
        // One answer for what is another's and for what is not there: it tells such a caller nothing.
        let own = matches!(&found, Ok(hold) if operator.approver().speaks_for(&hold.ask));
        if !own && matches!(found, Ok(_) | Err(ControlError::NoSuch(_))) {
            return Err(ControlError::NotOwnHold);
        }
    }
    Query::read(query.as_deref(), &[])?;
    let hold = found?;
    Ok(answer(&hold, state.holds.waiters().of(&hold.id), &state))
}

/// The hold of a path, as far as `operator` may see holds of its tenant.
///
/// # Errors
/// [`ControlError::NoSuch`], also for a text that is no id; 503 without the store.
pub(super) async fn find(
    operator: &Operator,
    state: &ControlState,
    path: &HoldPath,
) -> Result<Hold, ControlError> {
    let id = id(path)?;
    let shown = state.holds.show(&operator.approver(), id).await;
    shown.map_err(|error| ControlError::hold(error, state))
}

/// The id in a path.
///
/// # Errors
/// [`ControlError::NoSuch`].
pub(super) fn id(path: &HoldPath) -> Result<Id, ControlError> {
    let text = path.as_ref().map_err(|_| ControlError::NoSuch("hold"))?;
    Id::parse(HOLD, text).ok_or(ControlError::NoSuch("hold"))
}

/// A hold as an answer of its own, with `waiting` requests that wait for it.
pub(super) fn answer(hold: &Hold, waiting: usize, state: &ControlState) -> Response {
    Json(HoldForm::new(hold, waiting, state.clock.now())).into_response()
}

impl ControlError {
    /// What is said of something that was not done with a hold.
    pub(super) fn hold(error: HoldError, state: &ControlState) -> Self {
        match error {
            HoldError::NotFound => Self::NoSuch("hold"),
            HoldError::Refused(refused, hold) => {
                let waiting = state.holds.waiters().of(&hold.id);
                Self::Hold(refused, HoldForm::new(&hold, waiting, state.clock.now()).to_value())
            }
            HoldError::Store(_) => Self::StoreUnavailable,
            HoldError::Ledger(_) => Self::LedgerUnavailable,
        }
    }
}
