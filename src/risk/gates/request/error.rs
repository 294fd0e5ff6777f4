//! Why a request was not accepted.

use thiserror::Error;

/// A refused request: the member that is wrong and how. Its text is for people, and repeats nothing that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{field} {problem}")]
pub struct RequestError {
    /// The member; `body` for the whole.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: RequestProblem,
}

/// What can be wrong with a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RequestProblem {
    /// It is not there, and has no default.
    #[error("is required")]
    Missing,
    /// It is something else than a number, a boolean or `null` perhaps.
    #[error("must be a number")]
    NotNumber,
    /// It is a number beyond a double.
    #[error("must be finite")]
    NotFinite,
    /// It is something else than `true` or `false`.
    #[error("must be a boolean")]
    NotBoolean,
    /// It is something else than a string.
    #[error("must be a string")]
    NotString,
    /// It is something else than an object.
    #[error("must be an object")]
    NotObject,
    /// It is something else than an array.
    #[error("must be an array")]
    NotArray,
    /// One of its elements is neither a number nor `null`.
    #[error("must hold numbers only")]
    NotNumbers,
    /// It is a word that means nothing here.
    #[error("must be one of {0}")]
    UnknownWord(&'static str),
}
