//! Who may ask, and the bodies and queries of the document: 422 with FastAPI's list for what is not as it must be.

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use serde_json::{Map, Value, json};

use crate::admin::{IfMatch, Refused};
use crate::control::ControlError;
use crate::control::auth::Operator;
use crate::control::body::read_whole;
use crate::control::changes::if_match as condition;
use crate::control::error::CedarError;
use crate::extract::parse_query;
use crate::model::call::Scope;
use crate::model::json::{CaseEqualKeys, Json, Reader};

/// Longest body, in bytes: a thousand policies of some length, or one of the longest.
const BODY_MAX_BYTES: usize = 8 * 1024 * 1024;

/// Longest description, in bytes.
const DESCRIPTION_MAX_BYTES: usize = 4096;

/// What came in place of an operator.
pub(super) type Asking = Result<Operator, ControlError>;

/// Whoever has a key.
///
/// # Errors
/// 401 or 429.
pub(super) fn anybody(operator: Asking) -> Result<Operator, CedarError> {
    let operator = operator?;
    operator.within_rate()?;
    Ok(operator)
}

/// Whoever administers the deployment: what holds for everybody is changed, or what was recorded of everybody is looked at. Asked before
/// anything of a body is, since reading Cedar costs time.
///
/// # Errors
/// 401, 403 or 429.
pub(super) fn keeper(operator: Asking) -> Result<Operator, CedarError> {
    let operator = operator?;
    operator.require(&[Scope::Admin])?;
    let by = operator.by();
    if by.deployment {
        Ok(operator)
    } else {
        Err(ControlError::Refused(Refused::Forbidden { tenant: by.tenant }).into())
    }
}

/// Whoever may look at what was recorded of the deployment.
///
/// # Errors
/// 401, 403 or 429.
pub(super) fn auditor(operator: Asking) -> Result<Operator, CedarError> {
    let operator = operator?;
    operator.require(&[Scope::Admin, Scope::AuditRead])?;
    if operator.by().deployment { Ok(operator) } else { Err(ControlError::DeploymentOnly.into()) }
}

/// The members of a body.
#[derive(Debug)]
pub(super) struct Body {
    members: Map<String, Value>,
    wrong: Vec<Value>,
}

impl Body {
    /// Reads the body of a request whose caller may send it.
    ///
    /// # Errors
    /// 408, 413, 415; 422 for no body, what is no JSON, and what is no object.
    pub(super) async fn read(request: Request) -> Result<(Parts, Self), CedarError> {
        let (parts, body) = request.into_parts();
        let bytes = read_whole(&parts.headers, body, BODY_MAX_BYTES).await?;
        if bytes.is_empty() {
            return Err(CedarError::field("missing", &json!(["body"]), "Field required", &Value::Null));
        }
        let strict = Reader::default().parse(&bytes).map(|read| matches!(read, Json::Object(_)));
        match (strict, serde_json::from_slice(&bytes)) {
            (Ok(true), Ok(Value::Object(members))) => Ok((parts, Self { members, wrong: Vec::new() })),
            (Ok(_), Ok(other)) => {
                let message = "Input should be a valid dictionary or object to extract fields from";
                Err(CedarError::field("model_attributes_type", &json!(["body"]), message, &brief(&other)))
            }
            (strict, _) => {
                let why = strict.err().map_or_else(|| "not JSON".to_owned(), |error| error.to_string());
                Err(CedarError::Fields(vec![json!({
                    "type": "json_invalid", "loc": ["body", 0], "msg": "JSON decode error", "input": {}, "ctx": {"error": why},
                })]))
            }
        }
    }

    /// Of an element of a list in a body.
    pub(super) const fn of(members: Map<String, Value>) -> Self {
        Self { members, wrong: Vec::new() }
    }

    /// A text that must be there.
    pub(super) fn text(&mut self, name: &'static str) -> String {
        if !self.members.contains_key(name) {
            let input = brief(&Value::Object(self.members.clone()));
            self.wrong(
                json!({"type": "missing", "loc": ["body", name], "msg": "Field required", "input": input}),
            );
            return String::new();
        }
        self.optional_text(name).unwrap_or_default()
    }

    /// A text; `None` where it is absent or null.
    pub(super) fn optional_text(&mut self, name: &'static str) -> Option<String> {
        match self.members.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(other) => {
                let input = brief(other);
                self.wrong(json!({
                    "type": "string_type", "loc": ["body", name], "msg": "Input should be a valid string", "input": input,
                }));
                None
            }
        }
    }

    /// A description; `None` where it is absent or null.
    pub(super) fn description(&mut self) -> Option<String> {
        let text = self.optional_text("description")?;
        if text.len() > DESCRIPTION_MAX_BYTES {
            self.too_long("description", DESCRIPTION_MAX_BYTES);
        }
        Some(text)
    }

    /// An object; `None` where it is absent.
    pub(super) fn object(&mut self, name: &'static str) -> Option<Map<String, Value>> {
        match self.members.get(name)? {
            Value::Object(members) => Some(members.clone()),
            other => {
                let input = brief(other);
                self.wrong(json!({
                    "type": "dict_type", "loc": ["body", name], "msg": "Input should be a valid dictionary", "input": input,
                }));
                None
            }
        }
    }

    /// A list that must be there, of at most `most` objects.
    pub(super) fn objects(&mut self, name: &'static str, most: usize) -> Vec<Map<String, Value>> {
        let Some(Value::Array(items)) = self.members.get(name) else {
            let input = brief(self.members.get(name).unwrap_or(&Value::Null));
            self.wrong(json!({
                "type": "list_type", "loc": ["body", name], "msg": "Input should be a valid list", "input": input,
            }));
            return Vec::new();
        };
        if items.len() > most {
            let message = format!("List should have at most {most} items");
            self.wrong(json!({"type": "too_long", "loc": ["body", name], "msg": message, "input": null}));
            return Vec::new();
        }
        let (mut found, mut wrong) = (Vec::with_capacity(items.len()), Vec::new());
        for (index, item) in items.iter().enumerate() {
            match item {
                Value::Object(members) => found.push(members.clone()),
                other => wrong.push(json!({
                    "type": "dict_type", "loc": ["body", name, index], "msg": "Input should be a valid dictionary", "input": brief(other),
                })),
            }
        }
        self.wrong.extend(wrong);
        found
    }

    /// One of `words`; `None` where it is absent or null.
    pub(super) fn word(&mut self, name: &'static str, words: &[&'static str]) -> Option<&'static str> {
        let text = self.optional_text(name)?;
        let found = words.iter().copied().find(|word| *word == text);
        if found.is_none() {
            let expected: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
            let message = format!("Input should be {}", expected.join(" or "));
            self.wrong(
                json!({"type": "enum", "loc": ["body", name], "msg": message, "input": brief(&json!(text))}),
            );
        }
        found
    }

    /// A yes or no; `default` where it is absent.
    pub(super) fn flag(&mut self, name: &'static str, default: bool) -> bool {
        match self.members.get(name) {
            None | Some(Value::Null) => default,
            Some(Value::Bool(value)) => *value,
            Some(other) => {
                let input = brief(other);
                self.wrong(json!({
                    "type": "bool_type", "loc": ["body", name], "msg": "Input should be a valid boolean", "input": input,
                }));
                default
            }
        }
    }

    /// A member whatever it is.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }

    /// Notes what is wrong with a member.
    pub(super) fn wrong(&mut self, wrong: Value) {
        self.wrong.push(wrong);
    }

    /// Notes that a text has more bytes than it may.
    pub(super) fn too_long(&mut self, name: &str, most: usize) {
        let message = format!("String should have at most {most} bytes");
        self.wrong(json!({"type": "string_too_long", "loc": ["body", name], "msg": message, "input": null}));
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// 422 with everything that was wrong.
    pub(super) fn finish(self) -> Result<(), CedarError> {
        if self.wrong.is_empty() { Ok(()) } else { Err(CedarError::Fields(self.wrong)) }
    }
}

/// The version that `If-Match` wants.
///
/// # Errors
/// 400.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<IfMatch>, CedarError> {
    Ok(condition(headers)?)
}

/// The value of one parameter of a query; others are passed over, as the document's servers do.
///
/// # Errors
/// 400 for a query that could be read in two ways.
pub(super) fn parameter(query: Option<&str>, name: &str) -> Result<Option<String>, CedarError> {
    let parsed = parse_query(query.unwrap_or_default(), CaseEqualKeys::Refuse);
    let parsed =
        parsed.map_err(|error| CedarError::bad(format!("The query cannot be read: {}.", error.message)))?;
    Ok(parsed.member(name).and_then(Json::as_str).map(str::to_owned))
}

/// What is wrong, as far as an answer repeats it: what is long is not.
fn brief(value: &Value) -> Value {
    match value {
        Value::String(text) if text.len() > 256 => Value::Null,
        Value::Array(items) if !items.is_empty() => json!([]),
        Value::Object(members) if members.len() > 8 || value.to_string().len() > 512 => json!({}),
        other => other.clone(),
    }
}
