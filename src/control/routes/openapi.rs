//! `GET /openapi.json`: what is served here. It names no secret, and asks for no key.

use std::sync::LazyLock;

use axum::body::Bytes;
use axum::http::HeaderName;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

use crate::control::openapi::openapi;

/// Made once, since it never changes.
static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| openapi().to_string().into());

/// The document.
pub(in crate::control) async fn show() -> impl IntoResponse {
    const JSON: (HeaderName, &str) = (CONTENT_TYPE, "application/json");
    ([JSON], DOCUMENT.clone())
}
