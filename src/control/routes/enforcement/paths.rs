//! Its paths.

use axum::Router;
use axum::routing::{get, post};

use crate::control::error::only;
use crate::control::routes::enforcement::{actors, capabilities, drift, grants, kill_switch, policies};
use crate::control::{ControlError, ControlState};

/// Its paths. Other methods are told so before any key is asked.
pub(in crate::control) fn routes() -> Router<ControlState> {
    let kill_switch = get(kill_switch::show).put(kill_switch::set);
    let kill_switch = kill_switch.fallback(|| async { ControlError::MethodNotAllowed("GET, HEAD, PUT") });
    Router::new()
        .route(
            "/api/v1/capabilities",
            only(get(capabilities::list).post(capabilities::register), "GET, HEAD, POST"),
        )
        .route("/api/v1/capabilities/{id}", only(get(capabilities::show), "GET, HEAD"))
        .route("/api/v1/policies", only(get(policies::list).post(policies::create), "GET, HEAD, POST"))
        .route("/api/v1/policies/{id}", only(get(policies::show).put(policies::replace), "GET, HEAD, PUT"))
        .route("/api/v1/actors/{id}", only(get(actors::show).put(actors::set), "GET, HEAD, PUT"))
        .route("/api/v1/actors/{id}/drift/recalibrate", only(post(drift::recalibrate), "POST"))
        .route("/api/v1/actors/{id}/grants", only(get(grants::list).post(grants::grant), "GET, HEAD, POST"))
        .route(
            "/api/v1/actors/{id}/grants/{capability}",
            only(get(grants::show).delete(grants::revoke), "GET, HEAD, DELETE"),
        )
        .route("/api/v1/kill-switch", kill_switch)
}
