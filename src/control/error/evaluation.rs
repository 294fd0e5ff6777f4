//! Errors of the paths of document 003: `{"error", "code", "_request_id", "_tenant_id"}`.
//!
//! An error does not know the request it answers, so its body is made by the layer that gives every answer its request id.

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::control::ControlError;
use crate::control::routes::evaluation::Tenant;
use crate::gateway::EvaluationRefused;
use crate::identity::IdentityError;
use crate::risk::gates::RequestError;

/// A request to one of these paths that is not served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::control) struct EvaluationError {
    status: StatusCode,
    text: String,
    retry_after_s: Option<u32>,
}

/// Marks an answer that still lacks its body.
#[derive(Clone, Debug)]
struct Unfinished {
    text: String,
    code: &'static str,
}

impl EvaluationError {
    fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into(), retry_after_s: None }
    }

    /// What is sent is not what the path takes.
    pub(in crate::control) fn bad(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    /// There is nothing at the path, or not with this method.
    pub(in crate::control) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "There is nothing at this path, or not with this method.")
    }

    /// Whoever calls may not.
    pub(in crate::control) fn forbidden(text: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, text)
    }

    /// One request too many.
    pub(in crate::control) fn too_many(text: impl Into<String>, retry_after_s: u32) -> Self {
        Self { retry_after_s: Some(retry_after_s), ..Self::new(StatusCode::TOO_MANY_REQUESTS, text) }
    }

    const fn code(&self) -> &'static str {
        match self.status {
            StatusCode::FORBIDDEN => "forbidden",
            StatusCode::NOT_FOUND => "not_found",
            StatusCode::TOO_MANY_REQUESTS => "rate_limited",
            StatusCode::INTERNAL_SERVER_ERROR | StatusCode::SERVICE_UNAVAILABLE => "internal",
            _ => "bad_request",
        }
    }
}

impl From<RequestError> for EvaluationError {
    fn from(error: RequestError) -> Self {
        Self::bad(error.to_string())
    }
}

impl From<EvaluationRefused> for EvaluationError {
    fn from(error: EvaluationRefused) -> Self {
        let refused = Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string());
        Self { retry_after_s: Some(1), ..refused }
    }
}

impl From<ControlError> for EvaluationError {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::Identity(IdentityError::Throttled { retry_after_s }) => {
                Self::too_many(error.to_string(), retry_after_s)
            }
            // The document has no 401.
            ControlError::Identity(_) => Self::forbidden(error.to_string()),
            other => Self::new(other.status(), other.to_string()),
        }
    }
}

impl IntoResponse for EvaluationError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        let code = self.code();
        response.extensions_mut().insert(Unfinished { text: self.text, code });
        response
    }
}

/// Puts the body into an answer that lacks it; leaves every other as it is.
pub(in crate::control) fn finish_evaluation(mut response: Response, request_id: &str) -> Response {
    let Some(Unfinished { text, code }) = response.extensions_mut().remove() else { return response };
    let tenant = response.extensions().get::<Tenant>().cloned().unwrap_or_default();
    let body = json!({"error": text, "code": code, "_request_id": request_id, "_tenant_id": &*tenant.0});
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *response.body_mut() = Body::from(body.to_string());
    response
}

/// An answer to a path that nothing is at: a problem, with the members of this document beside.
pub(in crate::control) fn unknown_path(request_id: &str) -> Response {
    let error = ControlError::NotFound;
    let (status, text) = (error.status(), error.to_string());
    let body = json!({
        "type": format!("urn:aegis:{}", error.code().as_str()),
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "detail": text,
        "error": text,
        "code": EvaluationError::not_found().code(),
        "_request_id": request_id,
        "_tenant_id": &*Tenant::default().0,
    });
    let content_type = [(CONTENT_TYPE, "application/problem+json")];
    (status, content_type, body.to_string()).into_response()
}
