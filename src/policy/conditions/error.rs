//! What is wrong with a condition: as written, or when it was asked. Imports `model`.

use std::fmt;

use thiserror::Error;

use crate::model::decision::Reason;

/// A text that is no condition.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct ConditionError {
    /// Line in the condition's text, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is wrong, without a final full stop. Names words of the condition, never one of its texts.
    pub message: String,
    /// What may have been meant, or what to do.
    pub hint: Option<String>,
}

/// `line 1, column 8: unknown function "f"; known are ...`
impl fmt::Display for ConditionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}: {}", self.line, self.column, self.message)?;
        match &self.hint {
            Some(hint) => write!(formatter, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl ConditionError {
    /// A mistake at a byte offset of `text`.
    pub(super) fn at(text: &str, offset: usize, message: impl Into<String>) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
        Self { line: number(line), column: number(column), message: message.into(), hint: None }
    }

    #[must_use]
    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// A condition that could not be told of a call: why, without argument values. Never the same as false.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Indeterminate(pub Reason);

/// Why an expression has no value: cheap, since `&&` and `||` may make good for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble<'c> {
    /// What this path names is not there.
    Missing(&'c str),
    /// What this path names cannot be known.
    Unknowable(&'c str),
    /// An operator or function got values it is not for; what it does, and the kinds it got.
    Types(&'static str, &'static str, &'static str),
    /// An operation that has no result.
    NoResult(&'static str),
    /// A bound was hit.
    Bound(&'static str),
}

impl From<Trouble<'_>> for Indeterminate {
    fn from(trouble: Trouble<'_>) -> Self {
        let text = match trouble {
            Trouble::Missing(path) => format!("{path} is not there"),
            Trouble::Unknowable(path) => format!("{path} cannot be known"),
            Trouble::Types(operation, first, "") => format!("{operation} of {first}"),
            Trouble::Types(operation, first, second) => format!("{operation} of {first} and {second}"),
            Trouble::NoResult(why) | Trouble::Bound(why) => why.to_owned(),
        };
        Self(Reason::new(&text))
    }
}
