//! Errors of our own paths, as `application/problem+json`.

use axum::Json;
use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::control::body::BODY_MAX_BYTES;
use crate::holds::ChangeRefused;
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
    /// The key lacks all of these scopes, one of which would do.
    #[error("The key lacks the scope {}.", either(.0))]
    Scope(&'static [Scope]),
    /// The key made as many requests as it may.
    #[error(
        "The key has made as many requests as it may (control.rate_limit). Try again in {retry_after_s} seconds."
    )]
    Rate {
        /// In how many seconds it may make another.
        retry_after_s: u32,
    },
    /// In open mode: a host name that is not this machine's.
    #[error("Without keys this listener serves loopback names only (DNS rebinding).")]
    ForeignHost,
    /// In open mode: something that a page of another site made a browser send.
    #[error("Without keys this listener takes no changes from pages of other sites.")]
    CrossSite,
    /// A query that is not understood.
    #[error("{detail}")]
    BadQuery {
        /// The parameter, where one is to blame.
        field: Option<String>,
        /// What is wrong with it.
        detail: String,
    },
    /// A cursor that this list did not give.
    #[error("The cursor is not one that this list gave for these filters. Begin again without one.")]
    BadCursor,
    /// A body that is not understood.
    #[error("{detail}")]
    BadBody {
        /// The member, where one is to blame.
        field: Option<String>,
        /// What is wrong with it.
        detail: String,
    },
    /// A body above the limit.
    #[error("The body is longer than {BODY_MAX_BYTES} bytes.")]
    BodyTooLarge,
    /// A body that did not come in time.
    #[error("The body did not come in time.")]
    BodyTooSlow,
    /// A body that is not said to be JSON.
    #[error("The body must be sent as application/json.")]
    MediaType,
    /// No such hold, for whoever asks.
    #[error("There is no such hold.")]
    NoSuchHold,
    /// No such key, for whoever asks.
    #[error("There is no such key.")]
    NoSuchKey,
    /// Something of another tenant.
    #[error(
        "This key administers what belongs to its own tenant only; for others it takes a key of tenant default."
    )]
    ForeignTenant,
    /// A key that cannot be changed so.
    #[error("{detail}")]
    Key {
        /// The stable code.
        code: &'static str,
        /// Why.
        detail: String,
    },
    /// A hold that only approvers and its own actor see.
    #[error("The key lacks the scope {}, and it is not known to speak for the actor of this hold.", Scope::HoldsApprove.as_str())]
    NotOwnHold,
    /// A hold that only its own actor gives up.
    #[error("Only the actor that asked gives a hold up. Approvers reject it.")]
    OthersHold,
    /// The hold cannot be changed so; it stands as shown.
    #[error("{0}")]
    Hold(ChangeRefused, Value),
    /// The store of holds and keys is out of order.
    #[error("The store is out of order, and nothing is known to have changed. Try again later.")]
    StoreUnavailable,
    /// The ledger takes nothing.
    #[error("The ledger takes no record, so nothing was changed. Try again later.")]
    LedgerUnavailable,
    /// A defect.
    #[error("The request could not be served.")]
    Internal,
}

/// What a caller is told to wait when something cannot be had, in seconds.
const RETRY_AFTER_S: u32 = 1;

impl ControlError {
    /// A query that is not understood because of the parameter `field`.
    pub(in crate::control) fn bad_query(field: Option<&str>, detail: String) -> Self {
        Self::BadQuery { field: field.map(str::to_owned), detail }
    }

    /// A body that is not understood because of the member `field`.
    pub(in crate::control) fn bad_body(field: Option<&str>, detail: String) -> Self {
        Self::BadBody { field: field.map(str::to_owned), detail }
    }

    const fn status(&self) -> StatusCode {
        match self {
            Self::NotFound | Self::NoSuchHold | Self::NoSuchKey => StatusCode::NOT_FOUND,
            Self::Key { .. } => StatusCode::CONFLICT,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Rate { .. } | Self::Identity(IdentityError::Throttled { .. }) => {
                StatusCode::TOO_MANY_REQUESTS
            }
            Self::Identity(_) => StatusCode::UNAUTHORIZED,
            Self::Scope(_)
            | Self::ForeignTenant
            | Self::ForeignHost
            | Self::CrossSite
            | Self::NotOwnHold
            | Self::OthersHold => StatusCode::FORBIDDEN,
            Self::Hold(refused, _) => match refused {
                ChangeRefused::Stands(_) | ChangeRefused::ApprovedAlready => StatusCode::CONFLICT,
                ChangeRefused::Own | ChangeRefused::RoleMissing(_) | ChangeRefused::PersonMissing => {
                    StatusCode::FORBIDDEN
                }
                ChangeRefused::Unrecorded => StatusCode::SERVICE_UNAVAILABLE,
            },
            Self::BadQuery { .. } | Self::BadCursor | Self::BadBody { .. } => StatusCode::BAD_REQUEST,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::StoreUnavailable | Self::LedgerUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The stable code behind `urn:aegis:`.
    const fn code(&self) -> &'static str {
        match self {
            Self::NotFound | Self::NoSuchHold | Self::NoSuchKey => "not-found",
            Self::ForeignTenant => "foreign-tenant",
            Self::Key { code, .. } => code,
            Self::MethodNotAllowed(_) => "method-not-allowed",
            Self::Identity(IdentityError::Missing) => "credentials-missing",
            Self::Identity(IdentityError::Throttled { .. }) => "credentials-throttled",
            Self::Identity(_) => "credentials-invalid",
            Self::Rate { .. } => "rate-limited",
            Self::Scope(_) | Self::NotOwnHold => "scope-missing",
            Self::OthersHold => "not-own-hold",
            Self::ForeignHost => "host-not-allowed",
            Self::CrossSite => "cross-site",
            Self::BadQuery { .. } => "bad-query",
            Self::BadCursor => "bad-cursor",
            Self::BadBody { .. } => "bad-body",
            Self::BodyTooLarge => "body-too-large",
            Self::BodyTooSlow => "body-timeout",
            Self::MediaType => "media-type-not-supported",
            Self::Hold(refused, _) => match refused {
                ChangeRefused::Stands(_) => "not-pending",
                ChangeRefused::ApprovedAlready => "approved-already",
                ChangeRefused::Own => "own-hold",
                ChangeRefused::RoleMissing(_) => "role-missing",
                ChangeRefused::PersonMissing => "person-missing",
                ChangeRefused::Unrecorded => "ledger-unavailable",
            },
            Self::StoreUnavailable => "store-unavailable",
            Self::LedgerUnavailable => "ledger-unavailable",
            Self::Internal => "internal-error",
        }
    }

    /// What the problem says besides what every one does.
    fn members(&self) -> Map<String, Value> {
        let mut members = Map::new();
        if let Self::BadQuery { field: Some(field), .. } | Self::BadBody { field: Some(field), .. } = self {
            members.insert("field".to_owned(), json!(field));
        }
        if let Self::Hold(ChangeRefused::Stands(_) | ChangeRefused::ApprovedAlready, hold) = self {
            members.insert("state".to_owned(), hold.get("state").cloned().unwrap_or_default());
            members.insert("hold".to_owned(), hold.clone());
        }
        members
    }

    fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::Rate { retry_after_s } | Self::Identity(IdentityError::Throttled { retry_after_s }) => {
                Some((RETRY_AFTER, HeaderValue::from(*retry_after_s)))
            }
            Self::Identity(_) => Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            Self::MethodNotAllowed(methods) => Some((ALLOW, HeaderValue::from_static(methods))),
            Self::StoreUnavailable | Self::LedgerUnavailable | Self::Hold(ChangeRefused::Unrecorded, _) => {
                Some((RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S)))
            }
            _ => None,
        }
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut problem = Map::new();
        problem.insert("type".to_owned(), json!(format!("urn:aegis:{}", self.code())));
        problem.insert("title".to_owned(), json!(status.canonical_reason().unwrap_or("Error")));
        problem.insert("status".to_owned(), json!(status.as_u16()));
        problem.insert("detail".to_owned(), json!(self.to_string()));
        problem.extend(self.members());
        let mut response = (status, Json(Value::Object(problem))).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some((name, value)) = self.header() {
            headers.insert(name, value);
        }
        response
    }
}

fn either(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" or ")
}
