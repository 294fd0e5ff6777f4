//! Its paths.

use axum::Router;
use axum::routing::{MethodRouter, get, post};

use crate::control::error::GovernanceError;
use crate::control::routes::governance::{decisions, propose, report};
use crate::control::{ControlError, ControlState};

/// Its paths. Other methods are told so before any key is asked.
pub(in crate::control) fn routes() -> Router<ControlState> {
    Router::new()
        .route("/api/v1/governance/propose", only(post(propose::propose), "POST"))
        .route("/api/v1/governance/report", only(post(report::report), "POST"))
        .route("/api/v1/governance/decisions", only(get(decisions::list), "GET, HEAD"))
        .route("/api/v1/governance/decisions/{id}", only(get(decisions::show), "GET, HEAD"))
}

fn only(methods: MethodRouter<ControlState>, allowed: &'static str) -> MethodRouter<ControlState> {
    methods.fallback(move || async move { GovernanceError(ControlError::MethodNotAllowed(allowed)) })
}
