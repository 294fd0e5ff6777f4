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

/// Most mistakes told of one body.
const WRONG_MOST: usize = 100;

/// What is said of an element or a member that is no object.
const NO_OBJECT: (&str, &str) = ("dict_type", "Input should be a valid dictionary");

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

/// The members of a body, or of an element of a list in one.
#[derive(Debug)]
pub(super) struct Body {
    /// Where they stand: `["body", "policies", 3]`.
    at: Vec<Value>,
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
            (Ok(true), Ok(Value::Object(members))) => {
                Ok((parts, Self { at: vec![json!("body")], members, wrong: Vec::new() }))
            }
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

    /// A text that must be there.
    pub(super) fn text(&mut self, name: &'static str) -> String {
        if !self.members.contains_key(name) {
            let input = Value::Object(self.members.clone());
            self.amiss(name, ("missing", "Field required"), &input);
            return String::new();
        }
        self.optional_text(name).unwrap_or_default()
    }

    /// A text; `None` where it is absent or null.
    pub(super) fn optional_text(&mut self, name: &'static str) -> Option<String> {
        match self.members.get(name).cloned() {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text),
            Some(other) => {
                self.amiss(name, ("string_type", "Input should be a valid string"), &other);
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
        match self.members.get(name)?.clone() {
            Value::Object(members) => Some(members),
            other => {
                self.amiss(name, NO_OBJECT, &other);
                None
            }
        }
    }

    /// A list that must be there, of at most `most` objects.
    pub(super) fn objects(&mut self, name: &'static str, most: usize) -> Vec<Map<String, Value>> {
        self.elements(name, most).into_iter().map(|element| element.members).collect()
    }

    /// The same, to be read like bodies. What is found wrong with one goes to [`Self::take_wrong`].
    pub(super) fn elements(&mut self, name: &'static str, most: usize) -> Vec<Self> {
        let items = match self.members.get(name) {
            Some(Value::Array(items)) => items.clone(),
            other => {
                let other = other.cloned().unwrap_or_default();
                self.amiss(name, ("list_type", "Input should be a valid list"), &other);
                return Vec::new();
            }
        };
        if items.len() > most {
            self.too_many(name, most);
            return Vec::new();
        }
        let mut found = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            let at = [name.into(), index.into()];
            match item {
                Value::Object(members) => {
                    let at = self.at.iter().cloned().chain(at).collect();
                    found.push(Self { at, members, wrong: Vec::new() });
                }
                other => self.amiss_at(at, NO_OBJECT, &other),
            }
        }
        found
    }

    /// A list of at most `most` texts; none where it is absent or null.
    pub(super) fn texts(&mut self, name: &'static str, most: usize) -> Vec<String> {
        let items = match self.members.get(name).cloned() {
            None | Some(Value::Null) => return Vec::new(),
            Some(Value::Array(items)) => items,
            Some(other) => {
                self.amiss(name, ("list_type", "Input should be a valid list"), &other);
                return Vec::new();
            }
        };
        if items.len() > most {
            self.too_many(name, most);
            return Vec::new();
        }
        let mut found = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            match item {
                Value::String(text) => found.push(text),
                other => {
                    let what = ("string_type", "Input should be a valid string");
                    self.amiss_at([name.into(), index.into()], what, &other);
                }
            }
        }
        found
    }

    /// One of `words`; `None` where it is absent or null.
    pub(super) fn word(&mut self, name: &'static str, words: &[&'static str]) -> Option<&'static str> {
        let text = self.optional_text(name)?;
        let found = words.iter().copied().find(|word| *word == text);
        if found.is_none() {
            let expected: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
            let message = format!("Input should be {}", expected.join(" or "));
            self.amiss(name, ("enum", &message), &json!(text));
        }
        found
    }

    /// A yes or no; `default` where it is absent.
    pub(super) fn flag(&mut self, name: &'static str, default: bool) -> bool {
        match self.members.get(name).cloned() {
            None | Some(Value::Null) => default,
            Some(Value::Bool(value)) => value,
            Some(other) => {
                self.amiss(name, ("bool_type", "Input should be a valid boolean"), &other);
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
        if self.wrong.len() < WRONG_MOST {
            self.wrong.push(wrong);
        }
    }

    /// Notes what is wrong with one of its members: the kind of mistake, and a sentence.
    pub(super) fn amiss(&mut self, name: &'static str, what: (&str, &str), input: &Value) {
        self.amiss_at([name.into()], what, input);
    }

    fn amiss_at<const N: usize>(&mut self, at: [Value; N], (kind, message): (&str, &str), input: &Value) {
        let loc: Value = self.at.iter().cloned().chain(at).collect();
        self.wrong(json!({"type": kind, "loc": loc, "msg": message, "input": brief(input)}));
    }

    fn too_many(&mut self, name: &'static str, most: usize) {
        let message = format!("List should have at most {most} items");
        self.amiss(name, ("too_long", &message), &Value::Null);
    }

    /// Notes what was wrong with an element of it.
    pub(super) fn take_wrong(&mut self, element: &mut Self) {
        element.wrong.drain(..).for_each(|wrong| self.wrong(wrong));
    }

    /// Notes that a text has more bytes than it may.
    pub(super) fn too_long(&mut self, name: &'static str, most: usize) {
        let message = format!("String should have at most {most} bytes");
        self.amiss(name, ("string_too_long", &message), &Value::Null);
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
