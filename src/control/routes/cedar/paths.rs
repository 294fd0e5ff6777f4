//! Its paths.

use axum::Router;
use axum::routing::{get, post, put};

use crate::control::ControlState;
use crate::control::error::only_these;
use crate::control::routes::cedar::{batch, enforcement, engines, policies, questions, runs};

/// The folder of all of them.
const FOLDER: &str = "/api/v1/policy/";

/// Whether a path is one of this API's, there or not.
pub(in crate::control) fn is_cedar_path(path: &str) -> bool {
    path.starts_with(FOLDER)
}

/// Its paths. Other methods are told so before any key is asked.
pub(in crate::control) fn routes() -> Router<ControlState> {
    Router::new()
        .route(
            "/api/v1/policy/enforcement",
            only_these(get(enforcement::show).put(enforcement::choose), "GET, HEAD, PUT"),
        )
        .route("/api/v1/policy/validate", only_these(post(questions::validate), "POST"))
        .route(
            "/api/v1/policy/engines",
            only_these(get(engines::list).post(engines::create), "GET, HEAD, POST"),
        )
        .route(
            "/api/v1/policy/engines/{engine}",
            only_these(get(engines::show).delete(engines::delete), "GET, HEAD, DELETE"),
        )
        .route(
            "/api/v1/policy/engines/{engine}/schema",
            only_these(get(engines::schema).put(engines::set_schema), "GET, HEAD, PUT"),
        )
        .route(
            "/api/v1/policy/engines/{engine}/is_authorized",
            only_these(post(questions::is_authorized), "POST"),
        )
        .route("/api/v1/policy/engines/{engine}/policies:batch", only_these(put(batch::change), "PUT"))
        .route(
            "/api/v1/policy/engines/{engine}/policies",
            only_these(get(policies::list).post(policies::create), "GET, HEAD, POST"),
        )
        .route(
            "/api/v1/policy/engines/{engine}/policies/{policy}",
            only_these(
                get(policies::show).put(policies::replace).delete(policies::delete),
                "GET, HEAD, PUT, DELETE",
            ),
        )
        .route("/api/v1/policy/engines/{engine}/simulate", only_these(post(runs::simulate), "POST"))
        .route(
            "/api/v1/policy/engines/{engine}/generations",
            only_these(get(runs::list).post(runs::start), "GET, HEAD, POST"),
        )
        .route(
            "/api/v1/policy/engines/{engine}/generations/{generation}",
            only_these(get(runs::show).delete(runs::delete), "GET, HEAD, DELETE"),
        )
        .route(
            "/api/v1/policy/engines/{engine}/generations/{generation}/assets",
            only_these(get(runs::assets), "GET, HEAD"),
        )
        .route(
            "/api/v1/policy/engines/{engine}/generations/{generation}/assets/{asset}/promote",
            only_these(post(runs::promote), "POST"),
        )
}
