//! The demo tool server as a whole: its paths, its limits, its start and stop.
//!
//! May import `model`. Start reading at [`router`].

use std::future::Future;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::Json;
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::demo::{DemoTools, mcp, rest};

/// Largest request body, in bytes: above it 413.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Every path of the demo tool server over `tools`, which the caller may keep a clone of to see what was called.
pub fn router(tools: DemoTools) -> Router {
    Router::new()
        .route("/crm/contacts", get(rest::list_contacts))
        .route("/crm/contacts/{id}", get(rest::read_contact).delete(rest::delete_contact))
        .route("/crm/refunds", get(rest::list_refunds).post(rest::create_refund))
        // No server-initiated stream and no way to end a session: GET and DELETE fall through to 405.
        .route("/mcp", post(mcp::answer))
        .route("/stats", get(stats))
        .fallback(rest::unknown_path)
        .method_not_allowed_fallback(rest::wrong_method)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(tools)
}

/// Serves fresh demo tools on `listener` until `shutdown` resolves, then finishes the calls in flight.
///
/// # Errors
/// What the listener reports when it can no longer accept connections.
pub async fn serve(
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router(DemoTools::default())).with_graceful_shutdown(shutdown).await
}

async fn stats(State(tools): State<DemoTools>) -> Json<Value> {
    Json(json!({"calls": tools.calls()}))
}
