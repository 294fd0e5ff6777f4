//! Values while a condition is evaluated: those of the call lie where they are.

use std::rc::Rc;
use std::sync::Arc;

use crate::model::json::{Json, NumberValue};
use crate::policy::conditions::error::Trouble;
use crate::policy::conditions::expression::Root;

/// Longest text that conditions look at, in bytes.
pub(super) const TEXT_BYTES_MAX: usize = 64 * 1024;

/// A value. `'c` is the life of the condition and of the call.
#[derive(Clone, Debug)]
pub(super) enum Value<'c> {
    Null,
    Bool(bool),
    Int(i64),
    /// Always finite.
    Double(f64),
    Text(&'c str),
    /// A text that was made.
    Made(Rc<str>),
    /// An array of the call.
    Array(&'c [Json<'c>]),
    /// An object of the call.
    Object(&'c Json<'c>),
    /// Roles or groups.
    Names(&'c [Arc<str>]),
    /// A list that was written or made.
    List(Rc<[Value<'c>]>),
    /// A mapping that was written.
    Map(Rc<[(&'c str, Value<'c>)]>),
    /// A variable with members that is no value of the call's.
    Root(Root),
    /// A moment, in microseconds since 1970.
    Time(i64),
    /// A span, in microseconds.
    Span(i64),
}

/// What kinds of values can be compared with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Bool,
    Number,
    Text,
    List,
    Map,
    Time,
    Span,
}

impl<'c> Value<'c> {
    /// A value of the call.
    pub(super) fn of_json(json: &'c Json<'c>) -> Result<Self, Trouble<'c>> {
        Ok(match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => match number.value {
                NumberValue::Integer(value) => Self::Int(value),
                NumberValue::Decimal(value) => Self::Double(value),
            },
            Json::String(text) => return Self::of_text(text.as_str()),
            Json::Array(elements) => Self::Array(elements),
            Json::Object(_) => Self::Object(json),
        })
    }

    /// A text of the call, unless it is too long.
    pub(super) fn of_text(text: &'c str) -> Result<Self, Trouble<'c>> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(Trouble::Bound("a text is longer than 64 KiB"));
        }
        Ok(Self::Text(text))
    }

    /// A text that was made, unless it is too long.
    pub(super) fn made(text: String) -> Result<Self, Trouble<'c>> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(Trouble::Bound("a text is longer than 64 KiB"));
        }
        Ok(Self::Made(text.into()))
    }

    /// The text, if it is one.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Made(text) => Some(text),
            _ => None,
        }
    }

    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) | Self::Double(_) => Kind::Number,
            Self::Text(_) | Self::Made(_) => Kind::Text,
            Self::Array(_) | Self::Names(_) | Self::List(_) => Kind::List,
            Self::Object(_) | Self::Map(_) | Self::Root(_) => Kind::Map,
            Self::Time(_) => Kind::Time,
            Self::Span(_) => Kind::Span,
        }
    }

    /// What it is, for reasons; never the value.
    pub(super) const fn kind_text(&self) -> &'static str {
        match self.kind() {
            Kind::Null => "null",
            Kind::Bool => "a boolean",
            Kind::Number => "a number",
            Kind::Text => "a text",
            Kind::List => "a list",
            Kind::Map => "a mapping",
            Kind::Time => "a time",
            Kind::Span => "a duration",
        }
    }

    /// How many elements a list or mapping has; `None` for other values, and for variables whose members are not a call's.
    pub(super) fn count(&self) -> Option<usize> {
        match self {
            Self::Array(elements) => Some(elements.len()),
            Self::Names(names) => Some(names.len()),
            Self::List(elements) => Some(elements.len()),
            Self::Object(Json::Object(members)) => Some(members.len()),
            Self::Map(entries) => Some(entries.len()),
            _ => None,
        }
    }

    /// The element of a list at `index`, or the key of a mapping there.
    pub(super) fn element(&self, index: usize) -> Option<Result<Self, Trouble<'c>>> {
        match self {
            Self::Array(elements) => elements.get(index).map(Self::of_json),
            Self::Names(names) => names.get(index).map(|name| Self::of_text(name)),
            Self::List(elements) => elements.get(index).cloned().map(Ok),
            Self::Object(Json::Object(members)) => {
                members.get(index).map(|(name, _)| Self::of_text(name.as_str()))
            }
            Self::Map(entries) => entries.get(index).map(|(name, _)| Ok(Self::Text(name))),
            _ => None,
        }
    }
}
