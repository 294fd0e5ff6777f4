//! Files of policies: every policy of every file, or everything that is wrong with any of them. Imports the reader of one.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::policy::cedar::read::{policy, scan};
use crate::policy::cedar::{CedarPolicy, CedarProblem, CedarProblems};

/// Longest file, in bytes.
const FILE_MAX_BYTES: usize = 16 * 1024 * 1024;

/// The annotation of a policy of a file by which it is only watched, with its value, and the value that it has no need to say.
const WATCHED: &str = "enforcement_mode";
const LOG_ONLY: &str = "LOG_ONLY";
const ACTIVE: &str = "ACTIVE";

/// What the ids begin with that the API gives.
const OF_API: &str = "ced_";

/// Longest id of a policy, in bytes.
const ID_MAX_BYTES: usize = 128;

/// A file of policies, as it was found.
#[derive(Clone, Copy, Debug)]
pub struct PolicyFile<'t> {
    /// Its name without folder and `.cedar`: where policies without `@id` take theirs from.
    pub stem: &'t str,
    /// What is in it.
    pub text: &'t str,
}

/// A policy of a file.
#[derive(Clone, Debug)]
pub struct FiledPolicy {
    /// The value of its `@id`, or the file's stem, a dash and its number in the file, counted from 1: `payments-2`.
    pub id: Arc<str>,
    /// The policy. Its text is its own part of the file, with the comments before it.
    pub policy: CedarPolicy,
    /// Whether it is only watched: `@enforcement_mode("LOG_ONLY")`.
    pub log_only: bool,
}

/// Something that is wrong with a file. Its place is one of the whole file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileProblem {
    /// The stem of the file.
    pub stem: String,
    /// What is wrong.
    pub problem: CedarProblem,
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.cedar: {}", self.stem, self.problem)
    }
}

/// Reads every policy of `files`, in their order. Each policy ends with its `;`, so that one which cannot be read hides no other.
///
/// # Errors
/// Everything that is wrong with any of them: what [`read`](fn@crate::policy::cedar::read) refuses, files that are too long, ids that
/// cannot be used or are like those of the API, ids that two policies have, another `@enforcement_mode` than `ACTIVE` and `LOG_ONLY`.
pub fn read_files(files: &[PolicyFile<'_>]) -> Result<Vec<FiledPolicy>, Vec<FileProblem>> {
    let mut filed = Filed::default();
    policy::with_room(|| files.iter().for_each(|file| filed.add(file)));
    if filed.problems.is_empty() { Ok(filed.policies) } else { Err(filed.problems) }
}

/// What was found so far.
#[derive(Default)]
struct Filed {
    policies: Vec<FiledPolicy>,
    problems: Vec<FileProblem>,
    /// The ids, and which file has them.
    ids: HashMap<Arc<str>, String>,
}

impl Filed {
    fn add(&mut self, file: &PolicyFile<'_>) {
        if file.text.len() > FILE_MAX_BYTES {
            let message = format!("a file of policies has at most {FILE_MAX_BYTES} bytes");
            self.problems.push(FileProblem {
                stem: file.stem.to_owned(),
                problem: CedarProblem::at(file.text, 0, 0, message),
            });
            return;
        }
        for (index, (start, end)) in scan::statements(file.text).into_iter().enumerate() {
            let piece = file.text.get(start..end).unwrap_or_default();
            let first = scan::Tokens::of(piece).next().map_or(0, |token| token.offset);
            let read =
                policy::read(piece).and_then(|policy| self.named(file, index + 1, piece, first, policy));
            match read {
                Ok(policy) => self.policies.push(policy),
                Err(problems) => {
                    let found = problems.into_list().into_iter();
                    self.problems.extend(found.map(|problem| FileProblem {
                        stem: file.stem.to_owned(),
                        problem: problem.within(file.text, start),
                    }));
                }
            }
        }
    }

    fn named(
        &mut self,
        file: &PolicyFile<'_>,
        number: usize,
        piece: &str,
        first: usize,
        policy: CedarPolicy,
    ) -> Result<FiledPolicy, CedarProblems> {
        let id: Arc<str> = match policy.annotation("id") {
            Some(id) => id.into(),
            None => format!("{}-{number}", file.stem).into(),
        };
        let usable = (1..=ID_MAX_BYTES).contains(&id.len()) && !id.chars().any(char::is_control);
        if !usable {
            let message = format!("an id has 1 to {ID_MAX_BYTES} bytes and no control characters");
            return Err(CedarProblem::at(piece, first, 0, message).into());
        }
        if id.starts_with(OF_API) {
            let message = format!(
                "the id \"{id}\" cannot be a file's: ids that begin with {OF_API} are given by the API"
            );
            return Err(CedarProblem::at(piece, first, 0, message).into());
        }
        if let Some(other) = self.ids.insert(Arc::clone(&id), file.stem.to_owned()) {
            let message = format!("the id \"{id}\" is already that of a policy in {other}.cedar");
            return Err(CedarProblem::at(piece, first, 0, message).into());
        }
        // Whoever means that it is only watched must not find that it counts.
        let mode = policy.annotation(WATCHED);
        if mode.is_some_and(|mode| mode != LOG_ONLY && mode != ACTIVE) {
            let message = format!("@{WATCHED} is \"{ACTIVE}\" or \"{LOG_ONLY}\", and nothing else");
            return Err(CedarProblem::at(piece, first, 0, message).into());
        }
        let log_only = mode == Some(LOG_ONLY);
        let text = policy.text().trim().to_owned();
        // The text of a policy is what is stored and shown, so it carries no blank lines of its neighbors.
        let policy = if text.len() == piece.len() { policy } else { policy::read(&text)? };
        Ok(FiledPolicy { id, policy, log_only })
    }
}
