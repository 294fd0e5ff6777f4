//! The policy server of document 002: exactly these four paths, with its answers, texts and statuses.
//!
//! Start reading at `evaluate.rs`; `caller.rs` says who may call.

mod audit;
mod batch;
mod caller;
mod evaluate;
mod execute;
mod policy;
mod python;

use axum::Router;
use axum::routing::{MethodRouter, get, post};

use crate::control::ControlState;
use crate::control::error::DocumentError;

/// Longest body, in bytes.
const BODY_MAX_BYTES: usize = 1024 * 1024;

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
