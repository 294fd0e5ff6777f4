//! The two paths.

use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::any;

use axum::extract::Request;

use crate::control::ControlState;
use crate::control::error::EvaluationError;
use crate::control::routes::evaluation::{evaluate, risk_check, with_headers};

/// The two paths. As the document has it, another method is answered like an unknown path: without `Allow`, which a router of methods
/// would add.
pub(in crate::control) fn routes() -> Router<ControlState> {
    Router::new()
        .route("/evaluate", any(evaluating))
        .route("/risk-check", any(checking))
        .layer(middleware::from_fn(with_headers))
}

async fn evaluating(State(state): State<ControlState>, request: Request) -> Response {
    match *request.method() {
        Method::POST => evaluate::evaluate(state, request).await.into_response(),
        _ => other(&request),
    }
}

async fn checking(State(state): State<ControlState>, request: Request) -> Response {
    match *request.method() {
        Method::POST => risk_check::check(state, request).await.into_response(),
        _ => other(&request),
    }
}

/// A browser asks first whether a page may send what it wants to send.
fn other(request: &Request) -> Response {
    match *request.method() {
        Method::OPTIONS => StatusCode::NO_CONTENT.into_response(),
        _ => EvaluationError::not_found().into_response(),
    }
}
