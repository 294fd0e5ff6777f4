//! Answers: statuses, bodies and headers.

use serde_json::{Map, Value, json};

/// What answers tell a key whose requests are limited (`control.rate_limit`).
const RATE: [(&str, &str); 3] = [
    (
        "X-RateLimit-Limit",
        "How many requests the key may make in the second or day that is nearer to its end.",
    ),
    ("X-RateLimit-Remaining", "How many of them are left."),
    ("X-RateLimit-Reset", "When that second or day is over, in seconds since 1970."),
];

/// The headers that answers refer to by their names.
pub(super) fn components() -> Map<String, Value> {
    let header =
        |description| json!({"description": description, "schema": {"type": "integer", "minimum": 0}});
    RATE.iter().map(|(name, description)| ((*name).to_owned(), header(description))).collect()
}

/// What every answer of the paths of document 003 says.
const ANNOUNCED: [(&str, &str); 5] = [
    ("X-AEGIS-Version", "The version that runs."),
    ("X-AEGIS-Tenant", "The tenant of the key; `anonymous` without one."),
    ("Access-Control-Allow-Origin", "`*`: the key decides, not the page it is sent from."),
    ("Access-Control-Allow-Headers", "What a page may send."),
    ("Access-Control-Allow-Methods", "How a page may ask."),
];

/// The form of a surface's refusals.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// `application/problem+json`.
    Problem,
    /// That of documents 000 and 001.
    Governance,
    /// That of document 002.
    Document,
    /// That of document 003.
    Evaluation,
    /// That of document 004.
    Cedar,
}

/// One answer of an operation.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    description: String,
    /// Media type and schema of the body.
    body: Option<(&'static str, Value)>,
    /// Name and description of each header besides those of every answer.
    headers: Vec<(&'static str, &'static str)>,
}

impl Answer {
    /// JSON of a schema.
    pub(super) fn json(status: u16, description: &str, schema: Value) -> Self {
        Self::of(status, description, "application/json", schema)
    }

    /// Anything.
    pub(super) fn of(status: u16, description: &str, media_type: &'static str, schema: Value) -> Self {
        let body = Some((media_type, schema));
        Self { status, description: description.to_owned(), body, headers: Vec::new() }
    }

    /// Nothing.
    pub(super) fn empty(status: u16, description: &str) -> Self {
        Self { status, description: description.to_owned(), body: None, headers: Vec::new() }
    }

    /// A refusal of a surface.
    pub(super) fn refusal(form: Form, status: u16) -> Self {
        let (media_type, schema) = match form {
            Form::Problem => ("application/problem+json", "Problem"),
            Form::Governance => ("application/json", "GovernanceError"),
            Form::Document => ("application/json", "PolicyServerError"),
            Form::Evaluation => ("application/json", "EvaluationError"),
            Form::Cedar => ("application/json", "PolicyApiError"),
        };
        let meaning = match (form, status) {
            // Any media type is taken there.
            (Form::Cedar, 415) => "The body has a `Content-Encoding`.",
            (_, status) => meaning(status),
        };
        let mut answer = Self::of(status, meaning, media_type, reference(schema));
        answer.headers = match status {
            401 => vec![("WWW-Authenticate", "`Bearer`.")],
            429 | 503 => vec![("Retry-After", "Seconds to wait before the request is sent again.")],
            _ => Vec::new(),
        };
        if matches!(form, Form::Evaluation) { answer.announced() } else { answer }
    }

    /// One of the paths of document 003.
    pub(super) fn announced(mut self) -> Self {
        self.headers.extend(ANNOUNCED);
        self
    }

    /// A header that may be there.
    pub(super) fn with(mut self, name: &'static str, description: &'static str) -> Self {
        self.headers.push((name, description));
        self
    }

    /// One that may have been given before.
    pub(super) fn repeated(self) -> Self {
        self.with("Idempotent-Replay", "`true` where the answer was given before.")
    }

    /// As the document has it. `keyed`: a key was asked for, and how often it may ask is perhaps limited.
    pub(super) fn to_value(&self, keyed: bool) -> Value {
        let mut members = Map::new();
        members.insert("description".to_owned(), json!(self.description));
        let mut headers = Map::new();
        let id = ("X-AEGIS-Request-Id", "The request's id: the caller's own, where it sent one.");
        for (name, description) in std::iter::once(&id).chain(&self.headers) {
            let header = json!({"description": description, "schema": {"type": "string"}});
            headers.insert((*name).to_owned(), header);
        }
        for (name, _) in RATE.iter().filter(|_| keyed) {
            let header = json!({"$ref": format!("#/components/headers/{name}")});
            headers.insert((*name).to_owned(), header);
        }
        members.insert("headers".to_owned(), Value::Object(headers));
        if let Some((media_type, schema)) = &self.body {
            members.insert("content".to_owned(), json!({*media_type: {"schema": schema}}));
        }
        Value::Object(members)
    }
}

/// A schema of the document by its name.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

const fn meaning(status: u16) -> &'static str {
    match status {
        400 => "What is asked for is not understood.",
        401 => "No key, or none that is live.",
        403 => "The key may not do this.",
        404 => "There is no such thing, or not for this tenant.",
        408 => "The body did not come in time.",
        409 => "It cannot be done as things stand.",
        412 => "It was changed since it was read.",
        413 => "The body is too long.",
        415 => "The body is not sent as JSON.",
        422 => "A member or parameter is not what it must be.",
        429 => "One request too many of the key, or too many bad credentials from the address.",
        500 => "A defect. Nothing is to be taken as allowed.",
        501 => "The provider does not do this.",
        503 => "What is needed for it is out of order. Nothing was changed.",
        _ => "Refused.",
    }
}
