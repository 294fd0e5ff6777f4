//! Proposals of document 001: who wants to use which capability, with which parameters, in which context.
//!
//! Everything wrong with a body is said at once. Members that the document does not name are refused, but for those of
//! `parameters` and `metadata`. Start reading at [`Proposal::read`].

use std::borrow::Cow;

use crate::model::call::{Action, CapabilityName, Parameters, PrincipalKind, ToolCall};
use crate::model::json::{Json, Reader, Text};

/// Longest `actor.id` and `context.session_id`, in bytes.
const NAME_MAX_BYTES: usize = 256;

/// Longest `confirmation_token`, in bytes.
const TOKEN_MAX_BYTES: usize = 128;

/// The parameter that names what a call is about.
const TARGET: &str = "target";

/// A proposal.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal<'a> {
    /// Who would act, as the caller says.
    pub actor: Text<'a>,
    /// What kind of actor that is, as the caller says.
    pub kind: PrincipalKind,
    /// What it would do. The resource is the parameter `target` where that is a text, else empty.
    pub call: ToolCall<'a>,
    /// The session it belongs to.
    pub session: Option<Text<'a>>,
    /// What is said of it besides. Nothing in it is to be believed.
    pub metadata: Option<Json<'a>>,
    /// The hold whose approval is to let it through.
    pub token: Option<Text<'a>>,
}

/// Something wrong with a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The member to blame, dotted; empty: the body itself.
    pub field: String,
    /// What is wrong with it, as a sentence.
    pub message: String,
}

impl<'a> Proposal<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// Everything that is wrong with it; at least one.
    pub fn read(reader: &Reader, body: &'a [u8]) -> Result<Self, Vec<FieldError>> {
        let json = reader
            .parse(body)
            .map_err(|error| vec![problem("", &format!("The body was refused as JSON: {error}."))])?;
        let mut errors = Vec::new();
        let mut root = Members::of("", Some(json), &mut errors);
        let mut actor = root.object("actor", &mut errors);
        let mut action = root.object("action", &mut errors);
        let mut context = root.optional_object("context", &mut errors);
        let token = root.text("confirmation_token", TOKEN_MAX_BYTES, &mut errors);
        root.nothing_else(&mut errors);
        let id = actor.required_text("id", NAME_MAX_BYTES, &mut errors);
        let kind = actor.required_text("type", NAME_MAX_BYTES, &mut errors);
        actor.nothing_else(&mut errors);
        let capability = action.required_text("capability", usize::MAX, &mut errors);
        let parameters = action.parameters(&mut errors);
        action.nothing_else(&mut errors);
        let session = context.text("session_id", NAME_MAX_BYTES, &mut errors);
        let metadata = context.free_object("metadata", &mut errors);
        context.nothing_else(&mut errors);
        let id = id.filter(|id| check_actor(id.as_str(), &mut errors));
        let kind = kind.and_then(|kind| check_kind(kind.as_str(), &mut errors));
        let capability = capability.and_then(|name| check_capability(name.as_str(), &mut errors));
        match (id, kind, capability, parameters) {
            (Some(actor), Some(kind), Some(name), Some(parameters)) if errors.is_empty() => {
                let call = call(name, parameters);
                Ok(Self { actor, kind, call, session, metadata, token })
            }
            _ => Err(errors),
        }
    }
}

fn call(name: CapabilityName, parameters: Json<'_>) -> ToolCall<'_> {
    let resource = match parameters.member(TARGET) {
        Some(Json::String(text)) => Cow::Owned(text.as_str().to_owned()),
        _ => Cow::Borrowed(""),
    };
    ToolCall {
        action: Action::Named(name),
        resource,
        resource_hidden: false,
        parameters: Parameters::Flat(parameters),
        description: Cow::Borrowed(""),
    }
}

/// Whether `id` can be an actor's: letters, digits and `._:@/-`, the first a letter or a digit.
fn check_actor(id: &str, errors: &mut Vec<FieldError>) -> bool {
    let fit = id.starts_with(|first: char| first.is_ascii_alphanumeric())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:@/-".contains(&byte));
    if !fit {
        let what = "is made of letters, digits and . _ : @ / -, and begins with a letter or a digit";
        errors.push(problem("actor.id", what));
    }
    fit
}

fn check_kind(kind: &str, errors: &mut Vec<FieldError>) -> Option<PrincipalKind> {
    let found = PrincipalKind::parse(kind);
    if found.is_none() {
        errors.push(problem("actor.type", "is one of ai-agent, ai-copilot, automation and human"));
    }
    found
}

fn check_capability(name: &str, errors: &mut Vec<FieldError>) -> Option<CapabilityName> {
    let found = CapabilityName::parse(name);
    if let Err(error) = &found {
        errors.push(problem("action.capability", &format!("is no capability name: {error}")));
    }
    found.ok()
}

/// The members of an object that are not read yet.
struct Members<'a> {
    /// The way to the object, with a dot behind it.
    path: String,
    members: Vec<(Text<'a>, Json<'a>)>,
    /// Whether the object was there at all: of one that was not, nothing further is said.
    present: bool,
}

impl<'a> Members<'a> {
    fn of(name: &str, value: Option<Json<'a>>, errors: &mut Vec<FieldError>) -> Self {
        let path = if name.is_empty() { String::new() } else { format!("{name}.") };
        match value {
            Some(Json::Object(members)) => Self { path, members, present: true },
            Some(other) => {
                errors.push(problem(name, &format!("is a JSON object, not of type {}", other.type_name())));
                Self { path, members: Vec::new(), present: false }
            }
            None => Self { path, members: Vec::new(), present: false },
        }
    }

    fn take(&mut self, name: &str) -> Option<Json<'a>> {
        let at = self.members.iter().position(|(key, _)| key.as_str() == name)?;
        Some(self.members.swap_remove(at).1)
    }

    fn path(&self, name: &str) -> String {
        format!("{}{name}", self.path)
    }

    /// An object that must be there.
    fn object(&mut self, name: &str, errors: &mut Vec<FieldError>) -> Self {
        let value = self.take(name);
        if value.is_none() && self.present {
            errors.push(problem(&self.path(name), "is missing"));
        }
        Self::of(name, value, errors)
    }

    /// An object that may be missing or null.
    fn optional_object(&mut self, name: &str, errors: &mut Vec<FieldError>) -> Self {
        let value = self.take(name).filter(|value| *value != Json::Null);
        Self::of(name, value, errors)
    }

    /// The parameters: an object that must be there, of whatever.
    fn parameters(&mut self, errors: &mut Vec<FieldError>) -> Option<Json<'a>> {
        const NAME: &str = "parameters";
        match self.take(NAME) {
            Some(object @ Json::Object(_)) => return Some(object),
            Some(other) => {
                let what = format!("is a JSON object, not of type {}", other.type_name());
                errors.push(problem(&self.path(NAME), &what));
            }
            None if self.present => errors.push(problem(&self.path(NAME), "is missing")),
            None => {}
        }
        None
    }

    /// An object of whatever, which may be missing or null.
    fn free_object(&mut self, name: &str, errors: &mut Vec<FieldError>) -> Option<Json<'a>> {
        match self.take(name) {
            None | Some(Json::Null) => None,
            Some(object @ Json::Object(_)) => Some(object),
            Some(other) => {
                let what = format!("is a JSON object, not of type {}", other.type_name());
                errors.push(problem(&self.path(name), &what));
                None
            }
        }
    }

    /// A text that may be missing or null.
    fn text(&mut self, name: &str, most: usize, errors: &mut Vec<FieldError>) -> Option<Text<'a>> {
        match self.take(name) {
            None | Some(Json::Null) => None,
            Some(Json::String(text)) => {
                let written = text.as_str();
                if written.is_empty() || written.len() > most || written.contains(char::is_control) {
                    let what = format!("is 1 to {most} bytes long, without control characters");
                    errors.push(problem(&self.path(name), &what));
                    return None;
                }
                Some(text)
            }
            Some(other) => {
                let what = format!("is a text, not of type {}", other.type_name());
                errors.push(problem(&self.path(name), &what));
                None
            }
        }
    }

    /// A text that must be there.
    fn required_text(&mut self, name: &str, most: usize, errors: &mut Vec<FieldError>) -> Option<Text<'a>> {
        match self.take(name) {
            Some(Json::String(text)) if text.as_str().len() <= most => Some(text),
            Some(Json::String(_)) => {
                errors.push(problem(&self.path(name), &format!("is at most {most} bytes long")));
                None
            }
            Some(other) => {
                let what = format!("is a text, not of type {}", other.type_name());
                errors.push(problem(&self.path(name), &what));
                None
            }
            None => {
                if self.present {
                    errors.push(problem(&self.path(name), "is missing"));
                }
                None
            }
        }
    }

    /// What is left is not known here.
    fn nothing_else(self, errors: &mut Vec<FieldError>) {
        for (name, _) in &self.members {
            // The name is the caller's; a long or odd one is not repeated.
            let shown: String = name.as_str().chars().filter(|c| !c.is_control()).take(64).collect();
            errors.push(problem(&self.path(&shown), "is not known here"));
        }
    }
}

fn problem(field: &str, what: &str) -> FieldError {
    let message = if field.is_empty() { what.to_owned() } else { format!("{field} {what}.") };
    FieldError { field: field.to_owned(), message }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = r#"{"actor": {"id": "agent-001", "type": "ai-agent"},
        "action": {"capability": "database.query", "parameters": {"query": "SELECT 1", "target": "db:main"}},
        "context": {"session_id": "sess_abc123", "metadata": {"environment": "production"}}}"#;

    fn wrong(body: &str) -> Vec<String> {
        let errors = Proposal::read(&Reader::default(), body.as_bytes()).unwrap_err();
        errors.into_iter().map(|error| format!("{}: {}", error.field, error.message)).collect()
    }

    #[test]
    fn a_proposal_is_read() {
        let proposal = Proposal::read(&Reader::default(), EXAMPLE.as_bytes()).unwrap();
        assert_eq!((proposal.actor.as_str(), proposal.kind), ("agent-001", PrincipalKind::AiAgent));
        assert_eq!(proposal.call.action.capability(), Some("database.query"));
        assert_eq!(proposal.call.resource, "db:main");
        assert_eq!(proposal.session.unwrap().as_str(), "sess_abc123");
        assert!(proposal.metadata.unwrap().member("environment").is_some());
        assert_eq!(proposal.token, None);
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let all = wrong(
            r#"{"actor": {"id": "-x", "type": "robot", "extra": 1}, "action": {"capability": "Query"},
                "context": {"session_id": "", "metadata": 5}, "confirmation_token": 7, "approved": true}"#,
        );
        let fields: Vec<&str> = all.iter().filter_map(|line| line.split(':').next()).collect();
        assert_eq!(
            fields,
            [
                "confirmation_token",
                "approved",
                "actor.extra",
                "action.parameters",
                "context.session_id",
                "context.metadata",
                "actor.id",
                "actor.type",
                "action.capability",
            ],
            "{all:?}"
        );
    }

    #[test]
    fn what_is_no_proposal_is_refused() {
        for (body, field) in [
            ("", ""),
            ("[]", ""),
            ("{}", "actor"),
            (r#"{"actor": null, "action": {}}"#, "actor"),
            (&EXAMPLE.replace("database.query", "database.query\\n"), "action.capability"),
            (&EXAMPLE.replace("database.query", "database.*"), "action.capability"),
            (&EXAMPLE.replace("agent-001", "agent 001"), "actor.id"),
            (&EXAMPLE.replace("\"SELECT 1\"", "1e999"), ""),
            (&EXAMPLE.replace("\"type\"", "\"id\": \"other\", \"type\""), ""),
        ] {
            let all = wrong(body);
            assert!(all.iter().any(|line| line.split(':').next() == Some(field)), "{body}: {all:?}");
        }
    }
}
