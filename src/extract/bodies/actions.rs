//! The actions of document 002: one object, `{"actions": [...]}` or a bare list, as its clients send them.
//!
//! Types are checked here, item by item, so that one bad action does not fail its neighbors. Members that the document does not
//! name are ignored. Start reading at [`Actions::read`].

use std::borrow::Cow;

use crate::extract::bodies::locate::path_at;
use crate::model::call::{Action, Parameters, ToolCall};
use crate::model::json::{Json, JsonError, JsonErrorKind, Reader, Text, write_json};

/// Longest `agent_id` and `session_id`, in bytes.
const NAME_MAX_BYTES: usize = 256;

/// The actions of a body, in order.
#[derive(Debug)]
pub struct Actions<'a> {
    /// Each action, or what is wrong with it.
    pub items: Vec<Result<ActionCall<'a>, ActionError>>,
}

/// One action.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionCall<'a> {
    /// What is asked for: the action type verbatim, its target as the resource, `params` and `description`.
    pub call: ToolCall<'a>,
    /// Whether `description` is a list or an object: good enough to look for words in, and nothing that can be recorded as a text.
    pub odd_description: bool,
    /// `agent_id`: for whom it is asked.
    pub agent: Option<Text<'a>>,
    /// `session_id`: what it belongs to.
    pub session: Option<Text<'a>>,
    /// `metadata`: what its caller wants recorded with it.
    pub metadata: Option<Json<'a>>,
}

/// What is wrong with one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionError {
    /// The member to blame; `None`: the action itself.
    pub field: Option<&'static str>,
    /// A sentence.
    pub detail: String,
}

/// Why a body holds no actions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionsError {
    /// It is not JSON.
    NotJson(String),
    /// It is JSON of which the gateway can make nothing: not of a form the document knows, or JSON that is read in two ways.
    Bad(String),
    /// It has a number beyond the range of a double.
    Number {
        /// Where, as in `actions[1].params.amount`.
        field: String,
        /// A sentence.
        detail: String,
    },
}

impl<'a> Actions<'a> {
    /// Reads a body. Integers may have any length: the language that the document's clients know has no longest one.
    ///
    /// # Errors
    /// [`ActionsError`]; what is wrong with single actions is among the items.
    pub fn read(reader: &Reader, body: &'a [u8]) -> Result<Self, ActionsError> {
        let items = match read_json(reader, body)? {
            Json::Array(items) => items,
            Json::Object(mut members) => match position(&members, "actions") {
                None => return Ok(Self { items: vec![ActionCall::of(members)] }),
                Some(at) => match members.swap_remove(at).1 {
                    Json::Array(items) => items,
                    // No action at all, in the two other ways the document's model knows.
                    Json::Object(none) if none.is_empty() => Vec::new(),
                    Json::String(none) if none.as_str().is_empty() => Vec::new(),
                    other => {
                        let detail = format!("actions is a list, not of type {}.", other.type_name());
                        return Err(ActionsError::Bad(detail));
                    }
                },
            },
            other => {
                let detail =
                    format!("The body is an action or a list of them, not of type {}.", other.type_name());
                return Err(ActionsError::Bad(detail));
            }
        };
        let items = items.into_iter().map(|item| match item {
            Json::Object(members) => ActionCall::of(members),
            other => {
                let detail = format!("An action is a JSON object, not of type {}.", other.type_name());
                Err(ActionError { field: None, detail })
            }
        });
        Ok(Self { items: items.collect() })
    }
}

/// Reads a body of the policy server as strict JSON, integers of any length let in.
///
/// # Errors
/// As for [`Actions::read`].
pub fn read_json<'a>(reader: &Reader, body: &'a [u8]) -> Result<Json<'a>, ActionsError> {
    reader.parse_answer(body).map_err(|error| refused(body, error))
}

/// What the document's model takes for JSON and we do not is a bad request; the rest is no JSON to either.
fn refused(body: &[u8], error: JsonError) -> ActionsError {
    if error.kind == JsonErrorKind::NotFinite {
        let field = path_at(body, error.offset);
        let detail = format!(
            "The number at byte {} is greater than any that can be compared (about 1.8e308): send it as a text.",
            error.offset
        );
        return ActionsError::Number { field, detail };
    }
    let detail = format!("The body was refused as JSON: {error}.");
    let here = body.get(error.offset..).unwrap_or_default();
    let word = |word: &[u8]| here.starts_with(word);
    match error.kind {
        JsonErrorKind::UnexpectedEnd | JsonErrorKind::UnexpectedCharacter | JsonErrorKind::TrailingData => {
            ActionsError::NotJson(detail)
        }
        JsonErrorKind::InvalidNumber if !word(b"NaN") && !word(b"Infinity") && !word(b"-Infinity") => {
            ActionsError::NotJson(detail)
        }
        _ => ActionsError::Bad(detail),
    }
}

impl<'a> ActionCall<'a> {
    fn of(mut members: Vec<(Text<'a>, Json<'a>)>) -> Result<Self, ActionError> {
        let mut take = |name: &str| {
            let at = position(&members, name)?;
            members.get_mut(at).map(|(_, value)| std::mem::take(value))
        };
        // The alias counts only where `action_type` is not there at all.
        let (named, action_type) = match take("action_type") {
            Some(written) => ("action_type", Some(written)),
            None => ("type", take("type")),
        };
        let action_type = match action_type {
            Some(Json::String(text)) if !text.as_str().is_empty() => cow(text),
            Some(Json::String(_)) => return bad(named, "is empty"),
            Some(other) => return bad(named, &format!("is a text, not of type {}", other.type_name())),
            None => return bad("action_type", "is missing"),
        };
        let target = match take("target") {
            None => Cow::Borrowed(""),
            Some(Json::String(text)) => cow(text),
            Some(other) => return bad("target", &format!("is a text, not of type {}", other.type_name())),
        };
        let parameters = take("params").unwrap_or(Json::Object(Vec::new()));
        let description = take("description");
        let odd_description = matches!(description, Some(Json::Array(_) | Json::Object(_)));
        let description = match description {
            None | Some(Json::Null) => Cow::Borrowed(""),
            Some(Json::String(text)) => cow(text),
            // Conditions look for words in it, whatever it is.
            Some(other) => Cow::Owned(written(&other)),
        };
        let agent = name("agent_id", take("agent_id"))?;
        let session = name("session_id", take("session_id"))?;
        let metadata = take("metadata").filter(|metadata| *metadata != Json::Null);
        let call = ToolCall {
            action: Action::Verbatim(action_type),
            resource: target,
            resource_hidden: false,
            parameters: Parameters::Flat(parameters),
            description,
        };
        Ok(Self { call, odd_description, agent, session, metadata })
    }
}

fn position(members: &[(Text<'_>, Json<'_>)], name: &str) -> Option<usize> {
    members.iter().position(|(key, _)| key.as_str() == name)
}

fn name<'a>(field: &'static str, value: Option<Json<'a>>) -> Result<Option<Text<'a>>, ActionError> {
    match value {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => {
            let written = text.as_str();
            let fit = !written.is_empty() && written.len() <= NAME_MAX_BYTES;
            if fit && !written.contains(|letter: char| letter == '*' || letter.is_control()) {
                return Ok(Some(text));
            }
            bad(field, &format!("is 1 to {NAME_MAX_BYTES} bytes long, without * and control characters"))
        }
        Some(other) => bad(field, &format!("is a text, not of type {}", other.type_name())),
    }
}

fn bad<T>(field: &'static str, what: &str) -> Result<T, ActionError> {
    Err(ActionError { field: Some(field), detail: format!("{field} {what}.") })
}

fn cow(text: Text<'_>) -> Cow<'_, str> {
    text.into_cow()
}

fn written(value: &Json<'_>) -> String {
    let mut text = Vec::new();
    write_json(value, &|_| false, &mut text);
    String::from_utf8(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Vec<String>, ActionsError> {
        let actions = Actions::read(&Reader::default(), body.as_bytes())?;
        let said = |item: Result<ActionCall<'_>, ActionError>| match item {
            Ok(action) => {
                format!("{} {}", action.call.action.capability().unwrap_or_default(), action.call.resource)
            }
            Err(error) => format!("! {} {}", error.field.unwrap_or("-"), error.detail),
        };
        Ok(actions.items.into_iter().map(said).collect())
    }

    #[test]
    fn an_action_comes_in_three_forms() {
        for (body, read_as) in [
            (r#"{"action_type":"read","target":"crm"}"#, &["read crm"][..]),
            (r#"{"type":"read"}"#, &["read "]),
            (r#"{"action_type":"a","type":"b","actions2":[]}"#, &["a "]),
            (r#"[{"type":"a"},{"type":"b","target":"\u0062"}]"#, &["a ", "b b"]),
            (r#"{"actions":[{"type":"a"}],"action_type":"ignored"}"#, &["a "]),
            (r#"{"actions":[]}"#, &[]),
            (r#"{"actions":{}}"#, &[]),
            (r#"{"actions":""}"#, &[]),
            ("[]", &[]),
        ] {
            assert_eq!(read(body).unwrap(), read_as, "{body}");
        }
    }

    #[test]
    fn a_bad_action_names_its_member_and_leaves_the_others_alone() {
        for (body, read_as) in [
            ("{}", "! action_type action_type is missing."),
            (r#"{"action_type":null,"type":"a"}"#, "! action_type action_type is a text, not of type null."),
            (r#"{"type":""}"#, "! type type is empty."),
            (r#"{"type":"a","target":5}"#, "! target target is a text, not of type number."),
            (r#"{"type":"a","agent_id":5}"#, "! agent_id agent_id is a text, not of type number."),
            (
                r#"{"type":"a","agent_id":"*"}"#,
                "! agent_id agent_id is 1 to 256 bytes long, without * and control characters.",
            ),
        ] {
            assert_eq!(read(body).unwrap(), [read_as], "{body}");
            let two = read(&format!(r#"[{body},{{"type":"b"}},null]"#)).unwrap();
            assert_eq!(two, [read_as, "b ", "! - An action is a JSON object, not of type null."], "{body}");
        }
    }

    #[test]
    fn what_is_no_json_is_told_from_what_has_no_actions() {
        for body in ["", "{", "{\"a\":1,}", "01", "1.", "-", "{}{}", "a=b"] {
            assert!(matches!(read(body), Err(ActionsError::NotJson(_))), "{body}: {:?}", read(body));
        }
        for body in [
            "null",
            "1.5",
            "\"x\"",
            "NaN",
            "-Infinity",
            "{\"actions\":null}",
            "{\"actions\":\"x\"}",
            "{\"type\":\"a\",\"type\":\"b\"}",
            "\u{feff}{\"type\":\"a\"}",
            "{\"type\":\"\\ud800\"}",
        ] {
            assert!(matches!(read(body), Err(ActionsError::Bad(_))), "{body}: {:?}", read(body));
        }
    }

    #[test]
    fn a_number_beyond_all_doubles_is_named_by_its_place() {
        let long = "9".repeat(309);
        for number in ["1e400", "-1e309", long.as_str()] {
            let body = format!(r#"[{{"type":"a"}},{{"type":"b","params":{{"n":[0,{number}]}}}}]"#);
            let Err(ActionsError::Number { field, detail }) = read(&body) else { panic!("{body}") };
            assert_eq!(field, "[1].params.n[1]");
            assert!(detail.contains("as a text"), "{detail}");
        }
        assert!(read(&format!(r#"{{"type":"a","params":{{"n":{}}}}}"#, "9".repeat(308))).is_ok());
    }

    #[test]
    fn what_the_document_does_not_check_is_kept_as_it_is() {
        let body = r#"{"type":"a","params":[1,20000000000000000000000],"description":{"x":"drop"},"metadata":{"t":1},"session_id":"s","foo":{}}"#;
        let actions = Actions::read(&Reader::default(), body.as_bytes()).unwrap();
        let Some(Ok(action)) = actions.items.into_iter().next() else { panic!("no action") };
        assert_eq!(action.call.description, r#"{"x":"drop"}"#);
        assert_eq!(written(&action.call.parameters.to_json()), "[1,20000000000000000000000]");
        assert_eq!(action.session.map(|session| session.as_str().to_owned()).as_deref(), Some("s"));
        assert_eq!(action.metadata.map(|metadata| written(&metadata)).as_deref(), Some(r#"{"t":1}"#));
    }
}
