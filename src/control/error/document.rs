//! Errors of the paths of document 002: its texts where it has some, with what it leaves open beside them.

use axum::Json;
use axum::http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::control::ControlError;
use crate::extract::{ActionError, ActionsError};
use crate::gateway::ActionRefused;
use crate::identity::IdentityError;
use crate::model::call::Scope;

/// A request to a path of document 002 that is not served. Its text is the member `error`.
#[derive(Clone, Debug, PartialEq, Error)]
pub(in crate::control) enum DocumentError {
    /// A body that is no JSON.
    #[error("Invalid JSON")]
    NotJson {
        /// What is wrong.
        detail: String,
    },
    /// Anything else that is not understood.
    #[error("Bad request")]
    Bad {
        /// The member or parameter to blame, where one is.
        field: Option<String>,
        /// What is wrong.
        detail: String,
    },
    /// A policy that is refused.
    #[error("Bad request")]
    Policy {
        /// What is wrong with it: the place, as far as known, and the sentence.
        problems: Vec<(Option<usize>, String)>,
        /// How many problems there are besides.
        more: usize,
    },
    /// A policy update without a policy.
    #[error("Provide 'yaml' string or policy dict with 'rules'")]
    NoPolicy,
    /// A `limit` that is none; the document's text.
    #[error("{0}")]
    Limit(&'static str),
    /// No action of a batch could be read.
    #[error("Bad request")]
    Batch(Vec<ItemError>),
    /// A body above the limit.
    #[error("Request body too large (max 1MB)")]
    TooLarge,
    /// A body that did not come in time.
    #[error("The body did not come in time.")]
    TooSlow,
    /// No key, or a bad one.
    #[error("Invalid or missing API key")]
    Key,
    /// No key that may change the policy.
    #[error("Invalid admin API key")]
    AdminKey,
    /// One request, or one wrong key, too many.
    #[error("{detail}")]
    TooMany {
        /// Of what.
        detail: String,
        /// In how many seconds another is taken.
        retry_after_s: u32,
    },
    /// The key lacks all of these scopes.
    #[error("The key lacks the scope {}.", .0.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" or "))]
    Scope(&'static [Scope]),
    /// What a page of another site may have sent, or a foreign name of this host.
    #[error("{0}")]
    Foreign(ControlError),
    /// One action that got no answer.
    #[error("{}", .0.error)]
    Item(ItemError),
    /// The path has other methods.
    #[error("Method Not Allowed")]
    Method(&'static str),
    /// What is needed to answer is out of order.
    #[error("{0}")]
    Unavailable(String),
}

/// One action that got no answer, in its place among the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::control) struct ItemError {
    status: StatusCode,
    error: String,
    detail: Option<String>,
    field: Option<&'static str>,
    /// Its number in the batch, from 0; `None`: it came alone.
    pub(in crate::control) index: Option<usize>,
}

impl ItemError {
    /// The action cannot be read.
    pub(in crate::control) fn unreadable(error: &ActionError) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error: "Bad request".to_owned(),
            detail: Some(error.detail.clone()),
            field: error.field,
            index: None,
        }
    }

    /// The caller's key does not speak for the agent that the action names.
    pub(in crate::control) fn foreign_agent() -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            error: "The key does not speak for this agent.".to_owned(),
            detail: Some(
                "agent_id names an agent that is not among the actors of this key. Leave agent_id out to ask as the key's own actor, \
                 or have the agent added to the key's actors in control.keys."
                    .to_owned(),
            ),
            field: Some("agent_id"),
            index: None,
        }
    }

    /// Nothing was done.
    pub(in crate::control) fn refused(refused: ActionRefused) -> Self {
        let status = match refused {
            ActionRefused::Ledger | ActionRefused::Store => StatusCode::SERVICE_UNAVAILABLE,
            ActionRefused::Defect => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self { status, error: refused.to_string(), detail: None, field: None, index: None }
    }

    /// Whether it is the caller's own fault.
    pub(in crate::control) fn is_bad_request(&self) -> bool {
        self.status == StatusCode::BAD_REQUEST
    }

    /// As it stands in an answer.
    pub(in crate::control) fn to_value(&self) -> Value {
        let mut members = Map::new();
        members.insert("error".to_owned(), json!(self.error));
        let optional = [
            ("detail", self.detail.as_ref().map(|detail| json!(detail))),
            ("field", self.field.map(|field| json!(field))),
            ("index", self.index.map(|index| json!(index))),
        ];
        for (name, value) in optional {
            members.extend(value.map(|value| (name.to_owned(), value)));
        }
        Value::Object(members)
    }
}

impl DocumentError {
    /// A query that is not understood because of the parameter `field`.
    pub(in crate::control) fn bad(field: Option<&str>, detail: impl Into<String>) -> Self {
        Self::Bad { field: field.map(str::to_owned), detail: detail.into() }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NotJson { .. }
            | Self::Bad { .. }
            | Self::Policy { .. }
            | Self::NoPolicy
            | Self::Limit(_)
            | Self::Batch(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Key | Self::AdminKey => StatusCode::UNAUTHORIZED,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Scope(_) | Self::Foreign(_) => StatusCode::FORBIDDEN,
            Self::Item(item) => item.status,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What the answer says besides its text.
    fn members(&self) -> Map<String, Value> {
        let mut members = Map::new();
        let mut add = |name: &str, value: Value| members.insert(name.to_owned(), value);
        match self {
            Self::NotJson { detail } => {
                add("detail", json!(detail));
            }
            Self::Bad { field, detail } => {
                add("detail", json!(detail));
                if let Some(field) = field {
                    add("field", json!(field));
                }
            }
            Self::Policy { problems, more } => {
                if let Some((line, detail)) = problems.first() {
                    add("detail", json!(detail));
                    if let Some(line) = line {
                        add("line", json!(line));
                    }
                }
                let problem =
                    |(line, detail): &(Option<usize>, String)| json!({"line": line, "detail": detail});
                add("problems", problems.iter().map(problem).collect());
                if *more > 0 {
                    add("more", json!(more));
                }
            }
            Self::Batch(items) => {
                add("detail", json!("No action of the batch can be read."));
                add("errors", items.iter().map(ItemError::to_value).collect());
            }
            Self::Item(item) => {
                if let Value::Object(object) = item.to_value() {
                    members = object;
                }
            }
            _ => {}
        }
        members
    }

    fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::Key | Self::AdminKey => Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            Self::TooMany { retry_after_s, .. } => Some((RETRY_AFTER, HeaderValue::from(*retry_after_s))),
            Self::Method(methods) => Some((ALLOW, HeaderValue::from_static(methods))),
            _ if self.status() == StatusCode::SERVICE_UNAVAILABLE => {
                Some((RETRY_AFTER, HeaderValue::from_static("1")))
            }
            _ => None,
        }
    }
}

impl From<ActionsError> for DocumentError {
    fn from(error: ActionsError) -> Self {
        match error {
            ActionsError::NotJson(detail) => Self::NotJson { detail },
            ActionsError::Bad(detail) => Self::Bad { field: None, detail },
            ActionsError::Number { field, detail } => Self::Bad { field: Some(field), detail },
        }
    }
}

impl From<ControlError> for DocumentError {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::BodyTooLarge(_) => Self::TooLarge,
            ControlError::BodyTooSlow => Self::TooSlow,
            ControlError::ForeignHost | ControlError::CrossSite => Self::Foreign(error),
            ControlError::Rate { retry_after_s }
            | ControlError::Identity(IdentityError::Throttled { retry_after_s }) => {
                Self::TooMany { detail: error.to_string(), retry_after_s }
            }
            ControlError::Identity(_) => Self::Key,
            other => Self::bad(None, other.to_string()),
        }
    }
}

impl IntoResponse for DocumentError {
    fn into_response(self) -> Response {
        let mut body = Map::new();
        body.insert("error".to_owned(), json!(self.to_string()));
        body.extend(self.members());
        let mut response = (self.status(), Json(Value::Object(body))).into_response();
        if let Some((name, value)) = self.header() {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
