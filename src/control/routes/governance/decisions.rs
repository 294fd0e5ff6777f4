//! `GET /api/v1/governance/decisions` and `.../{id}`: what was decided, whatever surface it was asked on.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};

use crate::audit::index::{AuditQuery, Call, CallKey};
use crate::control::auth::Operator;
use crate::control::dto::{DecisionDetail, DecisionForm, DecisionPage, OverrideForm};
use crate::control::error::GovernanceError;
use crate::control::lists::ledger;
use crate::control::query::Query;
use crate::control::{ControlError, ControlState, FilterNames};
use crate::gateway::OverrideError;
use crate::model::call::Scope;
use crate::model::decision::Outcome;
use crate::model::id::{DECISION, Id};

const PATH: &str = "/api/v1/governance/decisions";

/// Who may read decisions.
const READERS: &[Scope] = &[Scope::GovernanceRead, Scope::AuditRead];

/// Who may read one: whoever overrides evaluations too, if it is one.
const VIEWERS: &[Scope] = &[Scope::GovernanceRead, Scope::AuditRead, Scope::HoldsApprove];

const FILTERS: FilterNames = &["actor_id", "capability", "outcome", "since", "until"];

/// A page of decisions, the newest first.
pub(super) async fn list(
    operator: Result<Operator, ControlError>,
    State(state): State<ControlState>,
    RawQuery(query): RawQuery,
) -> Result<Json<DecisionPage>, GovernanceError> {
    let operator = operator?;
    operator.require(READERS)?;
    let known = [FILTERS, &["limit", "cursor"]].concat();
    let query = Query::read(query.as_deref(), &known)?;
    let text = |name: &str| query.text(name).map(str::to_owned);
    let wanted = AuditQuery {
        kinds: vec!["decision".to_owned()],
        actor: text("actor_id"),
        capability: text("capability"),
        outcome: query.word("outcome", &Outcome::ALL.map(Outcome::as_str))?.map(str::to_owned),
        since: query.time("since")?,
        until: query.time("until")?,
        ..AuditQuery::default()
    };
    let page = ledger::page(&state, &operator, (PATH, &query, FILTERS), wanted, DecisionForm::of).await?;
    Ok(Json(DecisionPage { decisions: page.items, total: page.total, cursor: page.cursor }))
}

/// One decision, by its id or the UUID in it. Whoever overrides evaluations may see what there is to override.
pub(super) async fn show(
    operator: Result<Operator, ControlError>,
    State(state): State<ControlState>,
    id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Json<DecisionDetail>, GovernanceError> {
    let operator = operator?;
    operator.require(VIEWERS)?;
    Query::read(query.as_deref(), &[])?;
    let missing = ControlError::NoSuch("decision");
    let id = id.ok().map(|Path(id)| id).filter(|id| is_decision(id));
    let Some(id) = id else { return Err(missing.into()) };
    let findings = operator.may(Scope::AuditRead);
    let shown = move |call: &Call| DecisionDetail::of(call, findings);
    let found = ledger::decision(&state, &operator, id.clone(), shown).await?.ok_or(missing)?;
    if !found.is_evaluation() {
        operator.require(READERS)?;
        return Ok(Json(found));
    }
    let tenant = operator.tenant().map(Arc::from);
    let standing = match state.overrides.show(tenant, id).await {
        Ok(standing) => Some(OverrideForm::new(&standing, state.clock.now())),
        Err(OverrideError::NotRequested) => None,
        Err(error) => return Err(ControlError::Override(error).into()),
    };
    Ok(Json(found.with_override(standing)))
}

/// Whether a text may be a decision's id: the ids of other things share its bits.
pub(super) fn is_decision(id: &str) -> bool {
    Id::parse(DECISION, id).is_some() || (!id.contains('_') && CallKey::parse(id).is_some())
}
