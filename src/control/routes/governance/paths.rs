//! Its paths.

use axum::Router;
use axum::routing::{get, post};

use crate::control::ControlState;
use crate::control::error::only;
use crate::control::routes::governance::{decisions, overrides, propose, report};

/// Its paths. Other methods are told so before any key is asked.
pub(in crate::control) fn routes() -> Router<ControlState> {
    Router::new()
        .route("/api/v1/governance/propose", only(post(propose::propose), "POST"))
        .route("/api/v1/governance/report", only(post(report::report), "POST"))
        .route("/api/v1/governance/decisions", only(get(decisions::list), "GET, HEAD"))
        .route("/api/v1/governance/decisions/{id}", only(get(decisions::show), "GET, HEAD"))
        .route(
            "/api/v1/governance/decisions/{id}/override",
            only(
                get(overrides::show).post(overrides::vote).delete(overrides::withdraw),
                "GET, HEAD, POST, DELETE",
            ),
        )
}
