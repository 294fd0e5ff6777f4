//! Proposals of document 001: who wants to use which capability, with which parameters, in which context.
//!
//! Everything wrong with a body is said at once. Members that the document does not name are refused, but for those of
//! `parameters` and `metadata`. Start reading at [`Proposal::read`].

use std::borrow::Cow;

use crate::extract::bodies::members::{FieldError, Members, parse, problem};
use crate::model::call::{
    ACTOR_ID_RULE, Action, CapabilityName, Parameters, PrincipalKind, ToolCall, is_actor_id,
};
use crate::model::json::{Json, Reader, Text};

/// Longest `actor.id` and `context.session_id`, in bytes.
const NAME_MAX_BYTES: usize = 256;

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

impl<'a> Proposal<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// Everything that is wrong with it; at least one.
    pub fn read(reader: &Reader, body: &'a [u8]) -> Result<Self, Vec<FieldError>> {
        let json = parse(reader, body)?;
        let mut errors = Vec::new();
        let mut root = Members::of("", Some(json), &mut errors);
        let mut actor = root.object("actor", &mut errors);
        let mut action = root.object("action", &mut errors);
        let mut context = root.optional_object("context", &mut errors);
        // A bad one changes how it is decided, and never whether.
        let token = root.any("confirmation_token");
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

fn check_actor(id: &str, errors: &mut Vec<FieldError>) -> bool {
    let fit = is_actor_id(id);
    if !fit {
        errors.push(problem("actor.id", ACTOR_ID_RULE));
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
        // What is no token is like none that was ever given; it is no reason to refuse the proposal.
        for (token, read) in [("7", ""), ("\"\"", ""), ("[]", ""), ("\"hld_x\"", "hld_x")] {
            let body = EXAMPLE.replacen('{', &format!("{{\"confirmation_token\": {token}, "), 1);
            let proposal = Proposal::read(&Reader::default(), body.as_bytes()).unwrap();
            assert_eq!(proposal.token.unwrap().as_str(), read);
        }
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
