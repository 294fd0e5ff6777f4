//! The one place of the control listener that makes HTTP of an error.

use axum::Json;
use axum::http::header::{ALLOW, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use thiserror::Error;

use crate::identity::IdentityError;
use crate::model::call::Scope;

/// A request to the control listener that is not served.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ControlError {
    /// No such path.
    #[error("There is nothing at this path.")]
    NotFound,
    /// The path has other methods.
    #[error("This path serves {0} only.")]
    MethodNotAllowed(&'static str),
    /// No or bad credentials.
    #[error("{0}")]
    Identity(#[from] IdentityError),
    /// The key lacks a scope.
    #[error("The key lacks the scope {}.", .0.as_str())]
    Scope(Scope),
    /// In open mode: a host name that is not this machine's.
    #[error("Without keys this listener serves loopback names only (DNS rebinding).")]
    ForeignHost,
    /// A defect.
    #[error("The request could not be served.")]
    Internal,
}

impl ControlError {
    const fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Identity(_) => StatusCode::UNAUTHORIZED,
            Self::Scope(_) | Self::ForeignHost => StatusCode::FORBIDDEN,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The stable code behind `urn:aegis:`.
    const fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::MethodNotAllowed(_) => "method-not-allowed",
            Self::Identity(IdentityError::Missing) => "credentials-missing",
            Self::Identity(_) => "credentials-invalid",
            Self::Scope(_) => "scope-missing",
            Self::ForeignHost => "host-not-allowed",
            Self::Internal => "internal-error",
        }
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        let status = self.status();
        let title = status.canonical_reason().unwrap_or("Error");
        let body = json!({
            "type": format!("urn:aegis:{}", self.code()),
            "title": title,
            "status": status.as_u16(),
            "detail": self.to_string(),
        });
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match self {
            Self::Identity(_) => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::MethodNotAllowed(methods) => {
                headers.insert(ALLOW, HeaderValue::from_static(methods));
            }
            _ => {}
        }
        response
    }
}
