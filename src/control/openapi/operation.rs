//! One operation, as a chain of what is said of it.

use serde_json::{Map, Value, json};

use crate::control::openapi::answers::{Answer, Form};
use crate::model::call::Scope;

/// An operation on a path.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) path: &'static str,
    pub(super) method: &'static str,
    /// `operationId`.
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
    /// One of these will do; `None`: no key is asked for.
    scopes: Option<&'static [Scope]>,
    parameters: Vec<Value>,
    body: Option<Value>,
    answers: Vec<Answer>,
}

impl Operation {
    /// An operation that asks for no key.
    pub(super) fn open(
        (method, path): (&'static str, &'static str),
        (id, tag, summary): (&'static str, &'static str, &'static str),
    ) -> Self {
        let (parameters, answers) = (Vec::new(), Vec::new());
        Self { path, method, id, tag, summary, scopes: None, parameters, body: None, answers }
    }

    /// One for keys with one of these scopes; with none, any key will do.
    pub(super) fn keyed(
        at: (&'static str, &'static str),
        what: (&'static str, &'static str, &'static str),
        form: Form,
        scopes: &'static [Scope],
    ) -> Self {
        Self::keyed_as(at, what, scopes).refuses(form, &[400, 401, 403, 429, 500])
    }

    /// The same, whose refusals are still to be told.
    pub(super) fn keyed_as(
        at: (&'static str, &'static str),
        what: (&'static str, &'static str, &'static str),
        scopes: &'static [Scope],
    ) -> Self {
        Self { scopes: Some(scopes), ..Self::open(at, what) }
    }

    /// A parameter in the query that may be left out.
    pub(super) fn query(mut self, name: &str, schema: &Value, description: &str) -> Self {
        self.parameters.push(json!({
            "name": name, "in": "query", "required": false, "description": description, "schema": schema,
        }));
        self
    }

    /// What stands in the path.
    pub(super) fn path(mut self, name: &str, description: &str) -> Self {
        self.parameters.push(json!({
            "name": name, "in": "path", "required": true, "description": description,
            "schema": {"type": "string", "minLength": 1},
        }));
        self
    }

    /// A header that may be left out.
    pub(super) fn header(mut self, name: &str, schema: &Value, description: &str) -> Self {
        self.parameters.push(json!({
            "name": name, "in": "header", "required": false, "description": description, "schema": schema,
        }));
        self
    }

    /// A JSON body, and how bodies are refused.
    pub(super) fn body(mut self, form: Form, schema: &Value, required: bool) -> Self {
        self.body = Some(json!({"required": required, "content": {"application/json": {"schema": schema}}}));
        self.refuses(form, &[408, 413, 415])
    }

    /// A JSON body that must be there, of any media type.
    pub(super) fn takes(mut self, schema: &Value) -> Self {
        self.body = Some(json!({"required": true, "content": {"application/json": {"schema": schema}}}));
        self
    }

    /// Made once however often it is sent.
    pub(super) fn repeatable(self) -> Self {
        let key = json!({"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"});
        let name = "Idempotency-Key";
        self.header(name, &key, "The same request sent again with it is made once and answered the same.")
            .answers(
                Answer::refusal(Form::Governance, 409)
                    .with("Retry-After", "Seconds to wait, where the same request is under way."),
            )
    }

    /// `limit` and `cursor` of a list.
    pub(super) fn pages(self) -> Self {
        let limit = json!({"anyOf": [
            {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
            {"const": ""},
        ]});
        self.query("limit", &limit, "How many items to show.").query(
            "cursor",
            &json!({"type": "string", "maxLength": 1024}),
            "Where the page begins: `cursor` of the one before, with the same filters.",
        )
    }

    /// Refusals in a form.
    pub(super) fn refuses(mut self, form: Form, statuses: &[u16]) -> Self {
        self.answers.extend(statuses.iter().map(|status| Answer::refusal(form, *status)));
        self
    }

    /// An answer.
    pub(super) fn answers(mut self, answer: Answer) -> Self {
        self.answers.push(answer);
        self
    }

    /// As the document has it.
    pub(super) fn to_value(&self) -> Value {
        let mut members = Map::new();
        members.insert("operationId".to_owned(), json!(self.id));
        members.insert("tags".to_owned(), json!([self.tag]));
        members.insert("summary".to_owned(), json!(self.summary));
        if let Some(scopes) = self.scopes {
            let names: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
            members.insert("security".to_owned(), json!([{"bearer": []}, {"apiKey": []}]));
            members.insert("x-aegis-scopes".to_owned(), json!(names));
        } else {
            members.insert("security".to_owned(), json!([]));
        }
        if !self.parameters.is_empty() {
            members.insert("parameters".to_owned(), json!(self.parameters));
        }
        if let Some(body) = &self.body {
            members.insert("requestBody".to_owned(), body.clone());
        }
        let mut answers: Vec<_> = self.answers.iter().collect();
        answers.sort_by_key(|answer| answer.status);
        let answers = answers
            .into_iter()
            .map(|answer| (answer.status.to_string(), answer.to_value(self.scopes.is_some())));
        members.insert("responses".to_owned(), Value::Object(answers.collect()));
        Value::Object(members)
    }
}
