//! What is wrong with a document, told to the person who wrote it. Imports nothing of ours.

use std::error::Error;
use std::fmt;

use crate::model::document::place::Place;

/// One thing that is wrong in a document: where, at which key, what, and what to do about it.
///
/// INVARIANT: a message never contains a value that may be a secret. Numbers, booleans and words of a closed list may be
/// repeated; any other string is only described.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Problem {
    /// File, line and column, or the environment variable that gave the value.
    pub place: Place,
    /// The key, dotted, as in `routes[1].upstream.connect_ms`; empty for the document itself.
    pub path: String,
    /// What is wrong, without a final full stop.
    pub message: String,
    /// What may have been meant, or what to do.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem without a hint.
    pub fn new(place: Place, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { place, path: path.into(), message: message.into(), hint: None }
    }

    /// The same problem with a hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// `gateway.yaml:14:5: routes[1].upstream.conect_ms: unknown key; did you mean "connect_ms"?`
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

/// Where looking for problems ends: whoever looks stops with the first beyond so many.
pub const PROBLEMS_FOUND_MOST: usize = 1000;

/// How many problems are told to whoever did not ask for all.
const SHOWN_MOST: usize = 100;

/// At least one [`Problem`], sorted by place, each only once. Displayed one a line, the first hundred and how many more there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    list: Vec<Problem>,
}

impl Problems {
    /// The problems of `list`, or `None` when there are none.
    pub fn from_list(mut list: Vec<Problem>) -> Option<Self> {
        list.sort();
        list.dedup();
        if list.is_empty() { None } else { Some(Self { list }) }
    }

    /// `value` if `list` is empty, else the problems.
    ///
    /// # Errors
    /// The problems of `list`, when there are any.
    pub fn unless_empty<T>(value: T, list: Vec<Problem>) -> Result<T, Self> {
        match Self::from_list(list) {
            Some(problems) => Err(problems),
            None => Ok(value),
        }
    }

    /// The problems in the order of their places.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.list.iter()
    }

    /// The problems as a list, for adding to another.
    pub fn into_list(self) -> Vec<Problem> {
        self.list
    }

    /// The first hundred, and how many more there are.
    pub fn shown(&self) -> (&[Problem], usize) {
        let (shown, more) = self.list.split_at(self.list.len().min(SHOWN_MOST));
        (shown, more.len())
    }

    /// How many there are: at least one.
    pub fn count(&self) -> usize {
        self.list.len()
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self { list: vec![problem] }
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (shown, more) = self.shown();
        for (index, problem) in shown.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        match more {
            0 => Ok(()),
            more if self.list.len() > PROBLEMS_FOUND_MOST => write!(f, "\nand at least {more} more"),
            more => write!(f, "\nand {more} more"),
        }
    }
}

impl Error for Problems {}
