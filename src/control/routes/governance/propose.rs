//! `POST /api/v1/governance/propose`: may this actor do that?

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};

use crate::control::auth::Operator;
use crate::control::body::read_json;
use crate::control::changes::once;
use crate::control::dto::ProposalForm;
use crate::control::error::GovernanceError;
use crate::control::query::Query;
use crate::control::{ControlError, ControlState};
use crate::extract::{FieldError, Proposal};
use crate::gateway::ProposalRefused;
use crate::model::call::Scope;

/// Longest proposal, in bytes.
const BODY_MAX_BYTES: usize = 1024 * 1024;

/// Decides a proposal. Every outcome is 200: an error means that nothing was decided. What has begun goes on to its end if the
/// caller leaves. With an idempotency key a repeat gets the first answer.
pub(super) async fn propose(
    operator: Result<Operator, ControlError>,
    State(state): State<ControlState>,
    request: Request,
) -> Result<Response, GovernanceError> {
    let operator = operator?;
    operator.require(&[Scope::GovernancePropose])?;
    Query::read(request.uri().query(), &[])?;
    let (parts, body) = request.into_parts();
    let body = read_json(&parts.headers, body, BODY_MAX_BYTES).await?;
    let (shared, by, bytes) = (state.clone(), operator.clone(), body.clone());
    let work = async move { Ok(decide(&shared, &by, &bytes).await?.into_response()) };
    once(&state, &operator, (&parts, &body), work).await
}

async fn decide(
    state: &ControlState,
    operator: &Operator,
    body: &[u8],
) -> Result<Json<ProposalForm>, ControlError> {
    let snapshot = state.publisher.handle().load_full();
    let proposal = Proposal::read(&snapshot.reader, body).map_err(bad)?;
    let principal = operator.acting(proposal.actor.as_str(), proposal.kind)?;
    let answer = state.proposals.propose(&snapshot, &principal, &proposal).await;
    answer.map(|answer| Json(ProposalForm::of(answer))).map_err(|refused| match refused {
        ProposalRefused::Ledger => ControlError::LedgerUnavailable,
        ProposalRefused::Store => ControlError::StoreUnavailable,
        ProposalRefused::Defect => ControlError::Internal,
    })
}

/// Everything that is wrong with a body.
pub(super) fn bad(errors: Vec<FieldError>) -> ControlError {
    ControlError::BadFields(errors.into_iter().map(|error| (error.field, error.message)).collect())
}
