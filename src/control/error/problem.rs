//! Errors of our own paths, as `application/problem+json`.

use axum::Json;
use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::admin::{DEPLOYMENT_TENANT, Refused};
use crate::gateway::{AdminError, KeyConflict, OverrideError, PublishError, ReportRefused};
use crate::holds::{ChangeRefused, OverrideRefused};
use crate::identity::IdentityError;
use crate::model::call::{PrincipalKind, Scope};

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
    /// The key does not speak for the actor that is named.
    #[error(
        "The key does not speak for this actor. Name the actor that the key stands for, or use a key whose actors admit it."
    )]
    ForeignActor,
    /// The key speaks for actors of this kind, and another is named.
    #[error("The key speaks for actors of type {}, and the body names another.", .0.as_str())]
    ActorType(PrincipalKind),
    /// A report that is not taken.
    #[error("{0}")]
    Report(ReportRefused),
    /// A vote for an override that does not count.
    #[error("{0}")]
    Override(OverrideError),
    /// A body above the limit.
    #[error("The body is longer than {0} bytes.")]
    BodyTooLarge(usize),
    /// A body that did not come in time.
    #[error("The body did not come in time.")]
    BodyTooSlow,
    /// A body that is not said to be JSON.
    #[error("The body must be sent as application/json.")]
    MediaType,
    /// A body in a content coding.
    #[error("The body is sent in a Content-Encoding, and none is unpacked here: send it as it is.")]
    Packed,
    /// No such thing, for whoever asks; named by the word for it.
    #[error("There is no such {0}.")]
    NoSuch(&'static str),
    /// A key that is not issued or changed so.
    #[error("{0}")]
    Key(KeyConflict),
    /// A body with more than one thing wrong: the member to blame, empty for the whole, and what is wrong with it.
    #[error("The body has {}.", counted(.0))]
    BadFields(Vec<(String, String)>),
    /// Something administered that is not changed.
    #[error("{0}")]
    Refused(Refused),
    /// Who administers an actor does not speak for it.
    #[error(
        "The key speaks for this actor itself, and nobody widens what it may do. Use a key that does not, or one with the scope {}.",
        Scope::Admin.as_str()
    )]
    OwnActor,
    /// An `If-Match` that is none.
    #[error("If-Match is one entity tag as an answer had it, such as \"3\", or *.")]
    BadPrecondition,
    /// An idempotency key that is none.
    #[error("{0}")]
    BadIdempotencyKey(&'static str),
    /// An idempotency key that came with another body before.
    #[error(
        "This idempotency key was used for a request with another body. Repeat that body as it was, or take a new key."
    )]
    IdempotencyKeyReused,
    /// The first request with an idempotency key is still under way.
    #[error("A request with this idempotency key is under way. Repeat it later to get its answer.")]
    IdempotencyInProgress,
    /// What became of the first request with an idempotency key is not known.
    #[error(
        "A request with this idempotency key was begun, and whether it was done is not known. See how things stand, then take a new key."
    )]
    IdempotencyUnknown,
    /// The index of the ledger is out of order, or too far behind.
    #[error("The ledger cannot be searched at present. Try again later.")]
    IndexUnavailable,
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
    /// Keys of another tenant.
    #[error(
        "This key administers the keys of its own tenant only; for those of others it takes a key of tenant {DEPLOYMENT_TENANT}."
    )]
    ForeignTenant,
    /// What only keys that speak for the deployment do.
    #[error("This changes what holds for every tenant, and takes a key of tenant {DEPLOYMENT_TENANT}.")]
    DeploymentOnly,
    /// An earlier snapshot does not come back: every problem.
    #[error("The content of that snapshot cannot be in force: {}", .0.join("; "))]
    RollbackRefused(Vec<String>),
    /// The store of what is administered is out of order.
    #[error("The store of what is administered is out of order, and nothing was changed. Try again later.")]
    AdminUnavailable,
    /// A defect.
    #[error("The request could not be served.")]
    Internal,
}

/// So much of what is wrong first is told in the sentence; all of it is in the details.
const FIRST_CHARS: usize = 200;

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

    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::NotFound | Self::NoSuch(_) => StatusCode::NOT_FOUND,
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
            | Self::OthersHold
            | Self::ForeignActor
            | Self::ActorType(_)
            | Self::DeploymentOnly => StatusCode::FORBIDDEN,
            Self::Report(refused) => match refused {
                ReportRefused::Unknown => StatusCode::NOT_FOUND,
                ReportRefused::NotAllowed | ReportRefused::Witnessed | ReportRefused::Reported => {
                    StatusCode::CONFLICT
                }
                ReportRefused::Index | ReportRefused::Ledger => StatusCode::SERVICE_UNAVAILABLE,
            },
            Self::Override(error) => match error {
                OverrideError::Unknown | OverrideError::NotRequested => StatusCode::NOT_FOUND,
                OverrideError::Refused(
                    OverrideRefused::Own
                    | OverrideRefused::RoleMissing
                    | OverrideRefused::PersonMissing
                    | OverrideRefused::NotVoted,
                ) => StatusCode::FORBIDDEN,
                OverrideError::Not(_) | OverrideError::Refused(_) => StatusCode::CONFLICT,
                OverrideError::Index | OverrideError::Store | OverrideError::Ledger => {
                    StatusCode::SERVICE_UNAVAILABLE
                }
            },
            Self::RollbackRefused(_) | Self::Key(_) => StatusCode::CONFLICT,
            Self::Hold(refused, _) => match refused {
                ChangeRefused::Stands(_) | ChangeRefused::ApprovedAlready => StatusCode::CONFLICT,
                ChangeRefused::Own | ChangeRefused::RoleMissing(_) | ChangeRefused::PersonMissing => {
                    StatusCode::FORBIDDEN
                }
                ChangeRefused::Unrecorded => StatusCode::SERVICE_UNAVAILABLE,
            },
            Self::BadQuery { .. } | Self::BadCursor | Self::BadBody { .. } | Self::BadIdempotencyKey(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::BadFields(_) | Self::BadPrecondition => StatusCode::BAD_REQUEST,
            Self::OwnActor => StatusCode::FORBIDDEN,
            Self::Refused(refused) => match refused {
                Refused::Forbidden { .. } => StatusCode::FORBIDDEN,
                Refused::NotFound { .. } | Refused::NoSnapshot => StatusCode::NOT_FOUND,
                Refused::Stale { .. } => StatusCode::PRECONDITION_FAILED,
                _ => StatusCode::CONFLICT,
            },
            Self::IdempotencyKeyReused | Self::IdempotencyInProgress | Self::IdempotencyUnknown => {
                StatusCode::CONFLICT
            }
            Self::BodyTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::MediaType | Self::Packed => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::StoreUnavailable
            | Self::AdminUnavailable
            | Self::IndexUnavailable
            | Self::LedgerUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The members or parameters to blame, and what is wrong with each.
    pub(super) fn fields(&self) -> Vec<(&str, &str)> {
        match self {
            Self::BadQuery { field: Some(field), detail } | Self::BadBody { field: Some(field), detail } => {
                vec![(field, detail)]
            }
            Self::BadFields(fields) => {
                fields.iter().map(|(field, message)| (field.as_str(), message.as_str())).collect()
            }
            Self::ActorType(_) => vec![("actor.type", "is not what the key says of its actors.")],
            Self::ForeignActor => vec![("actor.id", "names an actor that the key does not speak for.")],
            _ => Vec::new(),
        }
    }

    /// What the problem says besides what every one does.
    fn members(&self) -> Map<String, Value> {
        let mut members = Map::new();
        if let [(field, _)] = *self.fields() {
            members.insert("field".to_owned(), json!(field));
        }
        if let Self::BadFields(fields) = self {
            let problem = |(field, message): &(String, String)| json!({"field": field, "message": message});
            members.insert("details".to_owned(), fields.iter().map(problem).collect());
        }
        if let Self::Hold(ChangeRefused::Stands(_) | ChangeRefused::ApprovedAlready, hold) = self {
            members.insert("state".to_owned(), hold.get("state").cloned().unwrap_or_default());
            members.insert("hold".to_owned(), hold.clone());
        }
        if let Self::RollbackRefused(problems) = self {
            members.insert("problems".to_owned(), json!(problems));
        }
        members
    }

    /// What is said of a rollback, or of an earlier snapshot, that there is not.
    pub(in crate::control) fn administered(error: AdminError) -> Self {
        match error {
            AdminError::Refused(Refused::NoSnapshot) => Self::NoSuch("snapshot"),
            AdminError::Refused(refused) => Self::RollbackRefused(vec![refused.to_string()]),
            AdminError::Bad(problems) => {
                Self::RollbackRefused(problems.iter().map(ToString::to_string).collect())
            }
            AdminError::Failed(PublishError::Ledger(_)) => Self::LedgerUnavailable,
            AdminError::Failed(error) => {
                tracing::error!(%error, "an earlier snapshot could not be read or put in force");
                Self::AdminUnavailable
            }
        }
    }

    pub(super) fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::Rate { retry_after_s } | Self::Identity(IdentityError::Throttled { retry_after_s }) => {
                Some((RETRY_AFTER, HeaderValue::from(*retry_after_s)))
            }
            Self::Identity(_) => Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            Self::MethodNotAllowed(methods) => Some((ALLOW, HeaderValue::from_static(methods))),
            Self::StoreUnavailable
            | Self::AdminUnavailable
            | Self::IndexUnavailable
            | Self::LedgerUnavailable
            | Self::IdempotencyInProgress
            | Self::Report(ReportRefused::Index | ReportRefused::Ledger)
            | Self::Override(OverrideError::Index | OverrideError::Store | OverrideError::Ledger)
            | Self::Hold(ChangeRefused::Unrecorded, _) => {
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
        problem.insert("type".to_owned(), json!(format!("urn:aegis:{}", self.code().as_str())));
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

/// What is wrong first, and how much there is besides.
fn counted(fields: &[(String, String)]) -> String {
    let first =
        fields.first().map(|(field, message)| match (field.as_str(), message.trim_end_matches('.')) {
            ("", message) => format!("a problem: {message}"),
            (field, message) => format!("a problem at {field}: {message}"),
        });
    let mut text: String = first.unwrap_or_default().chars().take(FIRST_CHARS).collect();
    if fields.len() > 1 {
        text.push_str(&format!(" (and {} more)", fields.len() - 1));
    }
    text
}

fn either(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" or ")
}
