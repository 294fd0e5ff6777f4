//! The tree of a JSON text.

use crate::model::json::Text;

/// A JSON value. Strings and numbers borrow from the text they were read from.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Json<'a> {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, with the text it was written as.
    Number(Number<'a>),
    /// A string.
    String(Text<'a>),
    /// An array.
    Array(Vec<Json<'a>>),
    /// An object, in the order it was written. Keys are unique: the reader refuses others.
    Object(Vec<(Text<'a>, Json<'a>)>),
}

/// A number: its exact text decides what is forwarded, its value what conditions compare.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number<'a> {
    /// As written.
    pub text: &'a str,
    /// As compared.
    pub value: NumberValue,
}

/// What a number is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NumberValue {
    /// Written without fraction and exponent.
    Integer(i64),
    /// Written with one, or (in an answer) an integer beyond 64 bits; always finite.
    Decimal(f64),
}

impl<'a> Json<'a> {
    /// The member `key` of an object; `None` for other values and absent keys.
    #[must_use]
    pub fn member(&self, key: &str) -> Option<&Json<'a>> {
        match self {
            Self::Object(members) => {
                members.iter().find(|(name, _)| name.as_str() == key).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// Takes the member `key` out of an object, leaving `null` in its place.
    pub fn take_member(&mut self, key: &str) -> Option<Json<'a>> {
        match self {
            Self::Object(members) => members
                .iter_mut()
                .find(|(name, _)| name.as_str() == key)
                .map(|(_, value)| std::mem::take(value)),
            _ => None,
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// The value a JSON pointer (RFC 6901) leads to. Array indexes are decimal without leading zeros.
    #[must_use]
    pub fn pointer(&self, pointer: &str) -> Option<&Json<'a>> {
        if pointer.is_empty() {
            return Some(self);
        }
        let mut at = self;
        for token in pointer.strip_prefix('/')?.split('/') {
            let token = token.replace("~1", "/").replace("~0", "~");
            at = match at {
                Self::Object(_) => at.member(&token)?,
                Self::Array(items) => items.get(array_index(&token)?)?,
                _ => return None,
            };
        }
        Some(at)
    }

    /// The name of the value's type, for messages.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }
}

fn array_index(token: &str) -> Option<usize> {
    let canonical = token == "0" || !token.starts_with('0');
    (canonical && token.bytes().all(|byte| byte.is_ascii_digit())).then(|| token.parse().ok())?
}
