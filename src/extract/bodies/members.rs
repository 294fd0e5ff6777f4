//! The members of a strict JSON body, taken one by one: everything that is wrong with it is said at once.

use crate::model::json::{Json, Number, NumberValue, Reader, Text};

/// Something wrong with a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The member to blame, dotted; empty: the body itself.
    pub field: String,
    /// What is wrong with it, as a sentence.
    pub message: String,
}

/// The body as JSON.
pub(super) fn parse<'a>(reader: &Reader, body: &'a [u8]) -> Result<Json<'a>, Vec<FieldError>> {
    let refused = |error| vec![problem("", &format!("The body was refused as JSON: {error}."))];
    reader.parse(body).map_err(refused)
}

/// The members of an object that are not read yet.
pub(super) struct Members<'a> {
    /// The way to the object, with a dot behind it.
    path: String,
    members: Vec<(Text<'a>, Json<'a>)>,
    /// Whether the object was there at all: of one that was not, nothing further is said.
    present: bool,
}

impl<'a> Members<'a> {
    pub(super) fn of(name: &str, value: Option<Json<'a>>, errors: &mut Vec<FieldError>) -> Self {
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
    pub(super) fn object(&mut self, name: &str, errors: &mut Vec<FieldError>) -> Self {
        let value = self.take(name);
        if value.is_none() && self.present {
            errors.push(problem(&self.path(name), "is missing"));
        }
        Self::of(name, value, errors)
    }

    /// An object that may be missing or null.
    pub(super) fn optional_object(&mut self, name: &str, errors: &mut Vec<FieldError>) -> Self {
        let value = self.take(name).filter(|value| *value != Json::Null);
        Self::of(name, value, errors)
    }

    /// The parameters: an object that must be there, of whatever.
    pub(super) fn parameters(&mut self, errors: &mut Vec<FieldError>) -> Option<Json<'a>> {
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
    pub(super) fn free_object(&mut self, name: &str, errors: &mut Vec<FieldError>) -> Option<Json<'a>> {
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
    pub(super) fn text(&mut self, name: &str, most: usize, errors: &mut Vec<FieldError>) -> Option<Text<'a>> {
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

    /// A text that is compared with something, and never refused: what is none is like no other.
    pub(super) fn any(&mut self, name: &str) -> Option<Text<'a>> {
        match self.take(name) {
            None | Some(Json::Null) => None,
            Some(Json::String(text)) => Some(text),
            Some(_) => Some(Text::from_value("")),
        }
    }

    /// A text of whatever, which may be missing or null.
    pub(super) fn free_text(&mut self, name: &str, errors: &mut Vec<FieldError>) -> Option<Text<'a>> {
        match self.take(name) {
            None | Some(Json::Null) => None,
            Some(Json::String(text)) => Some(text),
            Some(other) => {
                let what = format!("is a text, not of type {}", other.type_name());
                errors.push(problem(&self.path(name), &what));
                None
            }
        }
    }

    /// A text that must be there.
    pub(super) fn required_text(
        &mut self,
        name: &str,
        most: usize,
        errors: &mut Vec<FieldError>,
    ) -> Option<Text<'a>> {
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

    /// A whole number that may be missing or null.
    pub(super) fn integer(&mut self, name: &str, errors: &mut Vec<FieldError>) -> Option<i64> {
        match self.take(name) {
            None | Some(Json::Null) => None,
            Some(Json::Number(Number { value: NumberValue::Integer(value), .. })) => Some(value),
            Some(_) => {
                errors.push(problem(&self.path(name), "is a whole number"));
                None
            }
        }
    }

    /// What is left is not known here.
    pub(super) fn nothing_else(self, errors: &mut Vec<FieldError>) {
        for (name, _) in &self.members {
            // The name is the caller's; a long or odd one is not repeated.
            let shown: String = name.as_str().chars().filter(|c| !c.is_control()).take(64).collect();
            errors.push(problem(&self.path(&shown), "is not known here"));
        }
    }
}

pub(super) fn problem(field: &str, what: &str) -> FieldError {
    let message = if field.is_empty() { what.to_owned() } else { format!("{field} {what}.") };
    FieldError { field: field.to_owned(), message }
}
