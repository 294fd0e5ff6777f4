//! The four paths.

use axum::Router;
use axum::routing::{MethodRouter, get, post};

use crate::control::ControlState;
use crate::control::error::DocumentError;
use crate::control::routes::policy_server::{audit, evaluate, execute, policy};

/// The four paths. Other methods are told so before any key is asked.
pub(in crate::control) fn routes() -> Router<ControlState> {
    Router::new()
        .route("/api/v1/evaluate", only(post(evaluate::evaluate), "POST"))
        .route("/api/v1/execute", only(post(execute::execute), "POST"))
        .route("/api/v1/audit", only(get(audit::list), "GET, HEAD"))
        .route("/api/v1/policy", only(get(policy::show).put(policy::replace), "GET, HEAD, PUT"))
}

fn only(methods: MethodRouter<ControlState>, allowed: &'static str) -> MethodRouter<ControlState> {
    methods.fallback(move || async move { DocumentError::Method(allowed) })
}
