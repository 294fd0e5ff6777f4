//! [`Spot`]: a key of the configuration that a resolver looks at, and how it complains about it. Imports `model` only.

use std::cell::RefCell;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::config::secret::Sources;
use crate::model::document::{Document, Problem, child_pointer};

/// What every resolver of one file shares.
pub(crate) struct Context<'a> {
    document: &'a Document,
    base: &'a Path,
    sources: &'a dyn Sources,
    /// Pointers of values that were complained about before: they, and what is in them, are left alone.
    settled: HashSet<String>,
    problems: RefCell<Vec<Problem>>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        document: &'a Document,
        base: &'a Path,
        sources: &'a dyn Sources,
        settled: HashSet<String>,
    ) -> Self {
        Self { document, base, sources, settled, problems: RefCell::new(Vec::new()) }
    }

    /// The spot of the whole document.
    pub(crate) fn root(&'a self) -> Spot<'a> {
        Spot { context: self, pointer: String::new() }
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }
}

/// A key or element of the configuration.
#[derive(Clone)]
pub(crate) struct Spot<'a> {
    context: &'a Context<'a>,
    pointer: String,
}

impl<'a> Spot<'a> {
    /// The spot of a key in this one.
    pub(crate) fn key(&self, key: &str) -> Self {
        Spot { context: self.context, pointer: child_pointer(&self.pointer, key) }
    }

    /// The spot of an element of this list.
    pub(crate) fn element(&self, index: usize) -> Self {
        Spot { context: self.context, pointer: format!("{}/{index}", self.pointer) }
    }

    /// A problem with the value here, for [`Spot::report`].
    pub(crate) fn problem(&self, message: impl Into<String>) -> Problem {
        self.context.document.problem(&self.pointer, message)
    }

    /// Passes on a problem of something that this value names or holds.
    pub(crate) fn report(&self, problem: Problem) {
        self.push(problem);
    }

    /// Complains about the value here (or about the value around it, if it is not written).
    pub(crate) fn refuse(&self, message: impl Into<String>) {
        self.push(self.problem(message));
    }

    /// The same, with a hint.
    pub(crate) fn refuse_with(&self, message: impl Into<String>, hint: impl Into<String>) {
        self.push(self.problem(message).with_hint(hint));
    }

    /// Complains about the key itself: it does not belong here.
    pub(crate) fn refuse_key(&self, message: impl Into<String>) {
        self.push(self.context.document.key_problem(&self.pointer, message));
    }

    /// Passes `value` on; complains when there is none.
    pub(crate) fn require<T>(&self, value: Option<T>, message: impl FnOnce() -> String) -> Option<T> {
        if value.is_none() {
            self.refuse(message());
        }
        value
    }

    /// Where this stands, for messages about another spot: "line 12", or the source's name.
    pub(crate) fn line(&self) -> String {
        let place = self.context.document.place(&self.pointer);
        if place.line == 0 { place.source.to_string() } else { format!("line {}", place.line) }
    }

    /// A path as the configuration means it: relative to the folder of the file.
    pub(crate) fn beside(&self, path: &str) -> PathBuf {
        let path = Path::new(path);
        self.context.base.join(path.strip_prefix(".").unwrap_or(path))
    }

    pub(crate) fn sources(&self) -> &'a dyn Sources {
        self.context.sources
    }

    fn push(&self, problem: Problem) {
        let mut pointer = self.pointer.as_str();
        loop {
            if self.context.settled.contains(pointer) {
                return;
            }
            match pointer.rsplit_once('/') {
                Some((around, _)) => pointer = around,
                None => break,
            }
        }
        self.context.problems.borrow_mut().push(problem);
    }
}
