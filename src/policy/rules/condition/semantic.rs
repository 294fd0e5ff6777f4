//! `semantic`: whether a word of a list stands in what a call says of itself, as agent-aegis's built-in matcher finds it.

use std::borrow::Cow;

use crate::model::call::{Body, Parameters, ToolCall};
use crate::model::json::Json;
use crate::policy::rules::condition::Truth;

/// The categories, and the words each stands for.
const CATEGORIES: [(&str, &[&str]); 5] = [
    ("destructive", &["delete", "drop", "remove", "destroy", "kill", "terminate", "truncate", "purge"]),
    (
        "data_exposure",
        &["export", "download", "share", "send", "email", "upload", "transfer", "leak", "expose"],
    ),
    ("privileged", &["admin", "root", "sudo", "superuser", "escalate", "override", "bypass"]),
    ("financial", &["payment", "transfer", "refund", "charge", "invoice", "billing", "withdraw"]),
    ("pii", &["name", "email", "phone", "address", "ssn", "passport", "credit_card", "dob"]),
];

/// Words that mean nothing by themselves.
const STOP_WORDS: [&str; 11] = ["or", "and", "the", "a", "an", "of", "in", "to", "for", "is", "with"];

/// The words that are looked for, in lower case.
#[derive(Clone, Debug)]
pub(in crate::policy::rules) struct Semantic(Box<[Box<str>]>);

impl Semantic {
    /// The words of `text`, a category standing for its own; `None` when no word is left.
    pub(in crate::policy::rules) fn compile(text: &str) -> Option<Self> {
        let lowered = text.to_lowercase();
        let mut words: Vec<Box<str>> = Vec::new();
        for token in tokens(&lowered) {
            match CATEGORIES.iter().find(|(category, _)| *category == token) {
                Some((_, members)) => words.extend(members.iter().map(|word| Box::from(*word))),
                None if STOP_WORDS.contains(&token) => {}
                None => words.push(token.into()),
            }
        }
        words.sort();
        words.dedup();
        (!words.is_empty()).then(|| Self(words.into()))
    }

    /// Looks at the action, the resource, the description, and the names and texts of the parameters (not into what lies
    /// in them).
    pub(super) fn evaluate(&self, call: &ToolCall<'_>) -> Truth {
        let resource = call.known_resource();
        let said = [call.action.capability(), resource, Some(&call.description)];
        if said.into_iter().flatten().any(|text| self.stands_in(text)) {
            return Truth::Holds;
        }
        let (found, unread) = match &call.parameters {
            Parameters::Flat(arguments) => (self.stands_in_members(arguments), false),
            Parameters::Sections { path, query, body } => {
                let in_body = matches!(body, Body::Json(body) if self.stands_in_members(body));
                let unread = !matches!(body, Body::Absent | Body::Json(Json::Object(_)));
                (in_body || [path, query].into_iter().any(|part| self.stands_in_members(part)), unread)
            }
            Parameters::Unknown { .. } => (false, true),
        };
        match (found, unread || resource.is_none()) {
            (true, _) => Truth::Holds,
            (false, false) => Truth::Fails,
            (false, true) => Truth::Indeterminate("what semantic looks at cannot be read".to_owned()),
        }
    }

    fn stands_in_members(&self, value: &Json<'_>) -> bool {
        let Json::Object(members) = value else { return false };
        members.iter().any(|(key, value)| {
            self.stands_in(key.as_str()) || value.as_str().is_some_and(|text| self.stands_in(text))
        })
    }

    fn stands_in(&self, text: &str) -> bool {
        // Letters beyond ASCII may have letters of ASCII for their lower case.
        let text = if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(text.to_lowercase()) };
        let known = |token: &str| self.0.iter().any(|word| word.eq_ignore_ascii_case(token));
        tokens(&text).any(|token| known(token) || token.contains('_') && token.split('_').any(known))
    }
}

fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .filter(|token| !token.is_empty())
}
