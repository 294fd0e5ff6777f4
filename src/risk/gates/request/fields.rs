//! The members of a request, one type at a time. An absent member is `None`; `null` is a value, and never the right one.

use crate::model::json::{Json, Number, NumberValue, Text};
use crate::risk::gates::{RequestError, RequestProblem};

/// The members of a body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a>(&'a [(Text<'a>, Json<'a>)]);

/// What is there, if it is right.
type Found<T> = Result<Option<T>, RequestError>;

impl<'a> Fields<'a> {
    /// The members of `body`, which must be an object.
    pub(super) fn of(body: &'a Json<'a>) -> Result<Self, RequestError> {
        match body {
            Json::Object(members) => Ok(Self(members)),
            _ => Err(RequestError { field: "body", problem: RequestProblem::NotObject }),
        }
    }

    /// A number, as the nearest double.
    pub(super) fn number(self, field: &'static str) -> Found<f64> {
        self.take(field, |value| match value {
            Json::Number(number) => finite(number),
            _ => Err(RequestProblem::NotNumber),
        })
    }

    /// The numbers of an array. `null` elements are left out; what is `written` counts them.
    pub(super) fn numbers(self, field: &'static str) -> Found<Numbers> {
        self.take(field, |value| {
            let Json::Array(items) = value else { return Err(RequestProblem::NotArray) };
            let mut kept = Vec::with_capacity(items.len());
            for item in items {
                match item {
                    Json::Null => {}
                    Json::Number(number) => kept.push(finite(number)?),
                    _ => return Err(RequestProblem::NotNumbers),
                }
            }
            Ok(Numbers { written: items.len(), kept })
        })
    }

    /// A boolean.
    pub(super) fn boolean(self, field: &'static str) -> Found<bool> {
        self.take(field, |value| match value {
            Json::Bool(value) => Ok(*value),
            _ => Err(RequestProblem::NotBoolean),
        })
    }

    /// A string.
    pub(super) fn text(self, field: &'static str) -> Found<&'a str> {
        self.take(field, |value| value.as_str().ok_or(RequestProblem::NotString))
    }

    /// One of `words`, in any letter case and with space around it.
    pub(super) fn word<T: Copy>(
        self,
        field: &'static str,
        words: &[(&str, T)],
        list: &'static str,
    ) -> Found<T> {
        self.take(field, |value| {
            let text = value.as_str().ok_or(RequestProblem::NotString)?;
            let written = text.trim().to_lowercase();
            let meant = words.iter().find(|(word, _)| *word == written).map(|(_, meant)| *meant);
            meant.ok_or(RequestProblem::UnknownWord(list))
        })
    }

    /// An object.
    pub(super) fn object(self, field: &'static str) -> Found<&'a Json<'a>> {
        self.take(field, |value| match value {
            Json::Object(_) => Ok(value),
            _ => Err(RequestProblem::NotObject),
        })
    }

    fn take<T>(
        self,
        field: &'static str,
        read: impl FnOnce(&'a Json<'a>) -> Result<T, RequestProblem>,
    ) -> Found<T> {
        let Some((_, value)) = self.0.iter().find(|(name, _)| name.as_str() == field) else {
            return Ok(None);
        };
        read(value).map(Some).map_err(|problem| RequestError { field, problem })
    }
}

/// An array of numbers and nulls.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    /// How many elements it had.
    pub(super) written: usize,
    /// Those that are numbers, in order.
    pub(super) kept: Vec<f64>,
}

/// The nearest double, which reading the number's digits as one would give too.
fn finite(number: &Number<'_>) -> Result<f64, RequestProblem> {
    let value = match number.value {
        NumberValue::Integer(value) => value as f64,
        NumberValue::Decimal(value) => value,
    };
    if value.is_finite() { Ok(value) } else { Err(RequestProblem::NotFinite) }
}
