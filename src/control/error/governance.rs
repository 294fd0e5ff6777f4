//! Errors of the governance and enforcement paths (documents 001 and 000):
//! `{"error": {"code", "message", "request_id", "details"?}}`.
//!
//! An error does not know the request it answers, so its body is made by the layer that gives every answer its request id.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use serde_json::{Map, Value, json};

use crate::control::{ControlError, ControlState};

/// A request to one of these paths that is not served.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::control) struct GovernanceError(pub(in crate::control) ControlError);

impl From<ControlError> for GovernanceError {
    fn from(error: ControlError) -> Self {
        Self(error)
    }
}

/// Says of other methods than the `allowed` ones that there are none, before any key is asked.
pub(in crate::control) fn only(
    methods: MethodRouter<ControlState>,
    allowed: &'static str,
) -> MethodRouter<ControlState> {
    methods.fallback(move || async move { GovernanceError(ControlError::MethodNotAllowed(allowed)) })
}

/// Marks an answer that still lacks its body.
#[derive(Clone, Debug)]
struct Unfinished(ControlError);

impl IntoResponse for GovernanceError {
    fn into_response(self) -> Response {
        let mut response = self.0.status().into_response();
        if let Some((name, value)) = self.0.header() {
            response.headers_mut().insert(name, value);
        }
        response.extensions_mut().insert(Unfinished(self.0));
        response
    }
}

/// Puts the body into an answer that lacks it; leaves every other as it is.
pub(in crate::control) fn finish(mut response: Response, request_id: &str) -> Response {
    let Some(Unfinished(error)) = response.extensions_mut().remove() else { return response };
    let body = json!({"error": members(&error, request_id)}).to_string();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *response.body_mut() = Body::from(body);
    response
}

fn members(error: &ControlError, request_id: &str) -> Map<String, Value> {
    let mut members = Map::new();
    let message = error.to_string();
    members.insert("code".to_owned(), json!(error.code().as_str()));
    members.insert("message".to_owned(), json!(message));
    members.insert("request_id".to_owned(), json!(request_id));
    let fields = error.fields();
    if !fields.is_empty() {
        let detail = |(field, message): (&str, &str)| json!({"field": field, "message": message});
        members.insert("details".to_owned(), fields.into_iter().map(detail).collect());
    }
    members
}
