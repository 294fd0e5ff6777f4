//! Errors of the policy API (document 004): `{"detail": ...}`, a text, or a list of what is wrong with each member.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use serde_json::{Value, json};

use crate::admin::Refused;
use crate::control::{ControlError, ControlState};
use crate::policy::cedar::{CedarFinding, CedarProblem, CedarProblems};

/// A request to one of these paths that is not served.
#[derive(Clone, Debug)]
pub(in crate::control) enum CedarError {
    /// What any path may say.
    Control(ControlError),
    /// A status with a sentence.
    Said(StatusCode, String),
    /// Members of the body or the query that are not what they must be: FastAPI's list.
    Fields(Vec<Value>),
    /// What is no Cedar, or does not agree with the schema.
    Invalid {
        /// What it is that is invalid.
        what: &'static str,
        /// Everything that is wrong with it.
        problems: CedarProblems,
        /// Which of several policies, by the id that was asked for, or its place.
        policy: Option<String>,
    },
    /// A policy of an engine that takes none with findings.
    Findings {
        /// What was found.
        findings: Vec<CedarFinding>,
        /// Which of several policies, by its place.
        policy: Option<String>,
    },
}

impl CedarError {
    /// There is no such thing.
    pub(in crate::control) fn no_such(what: &str, id: &str) -> Self {
        Self::Said(StatusCode::NOT_FOUND, format!("{what} '{}' not found", shown(id)))
    }

    /// What is asked for is understood and cannot be done.
    pub(in crate::control) fn bad(text: impl Into<String>) -> Self {
        Self::Said(StatusCode::BAD_REQUEST, text.into())
    }

    /// One member that is not what it must be. `loc`: where it stands.
    pub(in crate::control) fn field(kind: &str, loc: &Value, message: &str, input: &Value) -> Self {
        Self::Fields(vec![json!({"type": kind, "loc": loc, "msg": message, "input": input})])
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Control(error) => error.status(),
            Self::Said(status, _) => *status,
            Self::Fields(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Invalid { .. } | Self::Findings { .. } => StatusCode::BAD_REQUEST,
        }
    }

    fn body(&self) -> Value {
        match self {
            Self::Control(ControlError::Identity(_)) if self.status() == StatusCode::UNAUTHORIZED => {
                json!({"detail": "Invalid or missing credentials"})
            }
            Self::Control(ControlError::Scope(_)) => json!({"detail": "Admin access required"}),
            Self::Control(ControlError::NotFound) => json!({"detail": "Not Found"}),
            Self::Control(ControlError::MethodNotAllowed(_)) => json!({"detail": "Method Not Allowed"}),
            Self::Control(ControlError::BadFields(fields)) => {
                let said: Vec<_> =
                    fields.iter().map(|(field, message)| format!("{field}: {message}")).collect();
                json!({"detail": said.join("; ")})
            }
            Self::Control(error) => json!({"detail": error.to_string()}),
            Self::Said(_, text) => json!({"detail": text}),
            Self::Fields(fields) => json!({"detail": fields}),
            Self::Invalid { what, problems, policy } => {
                let first = problems.iter().next().map(ToString::to_string).unwrap_or_default();
                let which = policy.as_ref().map(|id| format!(" {}", shown(id))).unwrap_or_default();
                let errors: Vec<_> = problems.iter().map(|found| problem(found, policy.as_deref())).collect();
                json!({"detail": format!("invalid Cedar {what}{which}: {first}"), "errors": errors})
            }
            Self::Findings { findings, policy } => {
                let first = findings.first().map(|found| found.description.clone()).unwrap_or_default();
                let which = policy.as_ref().map(|id| format!("{}: ", shown(id))).unwrap_or_default();
                let mut forms = finding_forms(findings);
                if let Some(policy) = policy {
                    forms.iter_mut().for_each(|form| name(form, policy));
                }
                json!({"detail": format!("{which}the engine takes no policy with findings: {first}"), "findings": forms})
            }
        }
    }
}

/// A problem as the API tells it.
pub(in crate::control) fn problem(found: &CedarProblem, policy: Option<&str>) -> Value {
    let mut told = json!({
        "message": found.message,
        "help": found.help,
        "offset": found.offset,
        "length": found.length,
        "line": found.line,
        "column": found.column,
    });
    if let Some(policy) = policy {
        name(&mut told, policy);
    }
    told
}

/// Says of which policy something is told.
fn name(told: &mut Value, policy: &str) {
    if let Some(members) = told.as_object_mut() {
        members.insert("policy_id".to_owned(), json!(policy));
    }
}

/// Findings as the API tells them.
pub(in crate::control) fn finding_forms(findings: &[CedarFinding]) -> Vec<Value> {
    let form = |found: &CedarFinding| json!({"type": found.kind.as_str(), "description": found.description});
    findings.iter().map(form).collect()
}

/// What a caller sent, as far as an answer repeats it.
pub(in crate::control) fn shown(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(128).collect()
}

impl From<ControlError> for CedarError {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::Refused(Refused::Exists { kind, id }) => {
                let kind = if kind == "policy engine" { "Policy engine" } else { "Policy" };
                Self::Said(StatusCode::CONFLICT, format!("{kind} '{id}' already exists"))
            }
            ControlError::Refused(Refused::NotFound { kind }) | ControlError::NoSuch(kind) => {
                Self::Said(StatusCode::NOT_FOUND, format!("There is no such {kind}."))
            }
            // One change that names an object twice is a mistake in it.
            ControlError::Refused(error @ Refused::Repeated { .. }) => Self::bad(error.to_string()),
            other => Self::Control(other),
        }
    }
}

impl IntoResponse for CedarError {
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(self.body())).into_response();
        let headers = response.headers_mut();
        if let Self::Control(error) = &self
            && let Some((name, value)) = error.header()
        {
            headers.insert(name, value);
        }
        response
    }
}

/// Says of other methods than the `allowed` ones that there are none, before any key is asked.
pub(in crate::control) fn only_these(
    methods: MethodRouter<ControlState>,
    allowed: &'static str,
) -> MethodRouter<ControlState> {
    methods.fallback(move || async move { CedarError::Control(ControlError::MethodNotAllowed(allowed)) })
}
