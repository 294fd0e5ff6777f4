//! Why a text was not accepted as JSON.

use thiserror::Error;

/// A refused text: what is wrong and at which byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{kind} at byte {offset}")]
pub struct JsonError {
    /// What is wrong.
    pub kind: JsonErrorKind,
    /// Byte offset in the text, from 0.
    pub offset: usize,
}

/// The closed list of reasons. None of them repeats any of the text: it may hold secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum JsonErrorKind {
    /// The text ended inside a value.
    #[error("the text ends inside a value")]
    UnexpectedEnd,
    /// A byte that cannot stand where it does.
    #[error("unexpected character")]
    UnexpectedCharacter,
    /// The text starts with a byte order mark.
    #[error("byte order mark")]
    ByteOrderMark,
    /// Something follows the value.
    #[error("data after the value")]
    TrailingData,
    /// The text is not UTF-8.
    #[error("invalid UTF-8")]
    InvalidUtf8,
    /// A control character stands unescaped in a string.
    #[error("unescaped control character in a string")]
    ControlCharacter,
    /// A backslash is followed by something that is no escape.
    #[error("invalid escape in a string")]
    InvalidEscape,
    /// `\ud800`..`\udfff` that is not a proper pair.
    #[error("lone surrogate in a string")]
    LoneSurrogate,
    /// A number that breaks the grammar (leading zero, missing digits, NaN, Infinity).
    #[error("invalid number")]
    InvalidNumber,
    /// An integer that does not fit 64 bits with sign.
    #[error("integer outside the 64-bit range")]
    IntegerRange,
    /// A decimal that is not a finite double.
    #[error("number is not a finite double")]
    NotFinite,
    /// The same key twice in one object.
    #[error("duplicate key in an object")]
    DuplicateKey,
    /// Two keys of one object that differ only in letter case.
    #[error("keys of one object that differ only in case")]
    CaseEqualKeys,
    /// Deeper than the configured limit (`gateway.json.max_depth`).
    #[error("nested deeper than the limit")]
    TooDeep,
}
