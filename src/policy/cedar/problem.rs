//! What is wrong with a Cedar text, told to the person who wrote it: message, hint and place.
//!
//! Imports nothing of ours. Cedar's own messages name no lines, so line and column are counted here.

use std::error::Error;
use std::fmt;

use miette::Diagnostic;

/// Most problems of one text that are kept.
const PROBLEMS_MOST: usize = 100;

/// How deep what is related to a problem is followed.
const RELATED_DEPTH: usize = 4;

/// One thing that is wrong with a Cedar policy or schema.
///
/// INVARIANT: `offset` and `offset + length` are boundaries of characters within the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CedarProblem {
    /// What is wrong, without a final full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where it begins, in bytes from the start of the text.
    pub offset: usize,
    /// How long it is, in bytes; 0 where it is a point.
    pub length: usize,
    /// The line of `offset`, counted from 1.
    pub line: u32,
    /// The column of `offset` in characters, counted from 1.
    pub column: u32,
}

impl CedarProblem {
    /// A problem of `text` at these bytes.
    pub(super) fn at(text: &str, offset: usize, length: usize, message: impl Into<String>) -> Self {
        let offset = text.floor_char_boundary(offset);
        let end = text.ceil_char_boundary(offset.saturating_add(length));
        let (line, column) = line_and_column(text, offset);
        Self { message: message.into(), help: None, offset, length: end - offset, line, column }
    }

    /// The same problem with a hint.
    #[must_use]
    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same problem of a text that is the part of `whole` from `start`.
    #[must_use]
    pub(super) fn within(self, whole: &str, start: usize) -> Self {
        let moved = Self::at(whole, start.saturating_add(self.offset), self.length, self.message);
        Self { help: self.help, ..moved }
    }
}

/// `'=' is not a valid operator in Cedar (line 1, column 44); try using '==' instead`
impl fmt::Display for CedarProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (line {}, column {})", self.message, self.line, self.column)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

/// At least one [`CedarProblem`], in the order of their places; at most a hundred.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CedarProblems(Vec<CedarProblem>);

impl CedarProblems {
    /// The problems that Cedar found in `text`.
    pub(super) fn found(text: &str, diagnostics: &[&dyn Diagnostic]) -> Self {
        let mut list = Vec::new();
        for diagnostic in diagnostics {
            collect(text, *diagnostic, RELATED_DEPTH, &mut list);
        }
        Self::from_list(list).unwrap_or_else(|| CedarProblem::at(text, 0, 0, "it cannot be read").into())
    }

    /// The problems of `list`, or `None` when there are none.
    pub(super) fn from_list(mut list: Vec<CedarProblem>) -> Option<Self> {
        list.sort_by(|one, other| (one.offset, &one.message).cmp(&(other.offset, &other.message)));
        list.dedup();
        list.truncate(PROBLEMS_MOST);
        (!list.is_empty()).then_some(Self(list))
    }

    /// The problems in the order of their places.
    pub fn iter(&self) -> std::slice::Iter<'_, CedarProblem> {
        self.0.iter()
    }

    /// The problems as a list.
    #[must_use]
    pub fn into_list(self) -> Vec<CedarProblem> {
        self.0
    }
}

impl From<CedarProblem> for CedarProblems {
    fn from(problem: CedarProblem) -> Self {
        Self(vec![problem])
    }
}

impl<'a> IntoIterator for &'a CedarProblems {
    type Item = &'a CedarProblem;
    type IntoIter = std::slice::Iter<'a, CedarProblem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// One a line.
impl fmt::Display for CedarProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl Error for CedarProblems {}

/// Adds `diagnostic` and what is related to it.
fn collect(text: &str, diagnostic: &dyn Diagnostic, depth: usize, list: &mut Vec<CedarProblem>) {
    if list.len() >= PROBLEMS_MOST {
        return;
    }
    let label = diagnostic.labels().and_then(|mut labels| labels.next());
    let (offset, length) = label.as_ref().map_or((0, 0), |label| (label.offset(), label.len()));
    let said = diagnostic.to_string();
    let mut problem = CedarProblem::at(text, offset, length, unnamed(&said));
    let said = label.and_then(|label| label.label().map(str::to_owned));
    problem.help = diagnostic.help().map(|help| help.to_string()).or(said);
    list.push(problem);
    if depth > 0 {
        for related in diagnostic.related().into_iter().flatten() {
            collect(text, related, depth - 1, list);
        }
    }
}

/// What Cedar says of a policy that had no id yet when it was looked at, without the name it had there.
pub(super) fn unnamed(said: &str) -> &str {
    said.strip_prefix("for policy `policy`, ").unwrap_or(said)
}

fn line_and_column(text: &str, offset: usize) -> (u32, u32) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
    (number(line), number(column))
}
