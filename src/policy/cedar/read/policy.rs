//! One policy: read, kept with its text, and asked what it is. Imports problems.

use std::sync::Arc;

use cedar_policy::{Policy, PolicyId, PolicySet};
use miette::Diagnostic;

use crate::policy::cedar::read::scan;
use crate::policy::cedar::{CedarProblem, CedarProblems};

/// The stack that Cedar is given to read one policy. Within the limits of `scan` an unoptimized build needs a few MiB; a thread of the
/// server has two.
const ROOM_BYTES: usize = 64 * 1024 * 1024;

/// Less than this left, and a new stack is made.
const ROOM_LEFT_BYTES: usize = 16 * 1024 * 1024;

/// What a policy is called inside Cedar. Ids are ours, and kept beside the policy.
const NO_ID: &str = "policy";

/// What a policy does when it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// It lets through, unless another forbids.
    Permit,
    /// It refuses, whatever others permit.
    Forbid,
}

impl Effect {
    /// The word of the language.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Permit => "permit",
            Self::Forbid => "forbid",
        }
    }
}

/// One static Cedar policy that could be read, with the text it was read from. Cheap to clone.
#[derive(Clone, Debug)]
pub struct CedarPolicy {
    text: Arc<str>,
    parsed: Arc<Policy>,
}

impl CedarPolicy {
    /// The text, as written.
    #[must_use]
    pub const fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// What it does when it matches.
    #[must_use]
    pub fn effect(&self) -> Effect {
        match self.parsed.effect() {
            cedar_policy::Effect::Permit => Effect::Permit,
            cedar_policy::Effect::Forbid => Effect::Forbid,
        }
    }

    /// The value of its annotation `@name("value")`; empty where it has none.
    #[must_use]
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.parsed.annotation(name)
    }

    /// Whether it says more than whom, what and on what: `when` or `unless`.
    #[must_use]
    pub fn has_conditions(&self) -> bool {
        self.parsed.has_non_scope_constraint()
    }

    /// As Cedar has it. Its id means nothing.
    pub(in crate::policy::cedar) fn parsed(&self) -> &Policy {
        &self.parsed
    }
}

/// Reads the text of exactly one static policy: 64 KiB at most, 64 levels deep, 1,000 operators. What it calls itself (`@id`) is only
/// an annotation.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(text: &str) -> Result<CedarPolicy, CedarProblems> {
    scan::check(text)?;
    let set = with_room(|| text.parse::<PolicySet>().map_err(Box::new))
        .map_err(|errors| CedarProblems::found(text, &[&*errors as &dyn Diagnostic]))?;
    if let Some(template) = set.templates().next() {
        let slot = template.slots().next().map_or_else(String::new, ToString::to_string);
        let at = text.find(&slot).unwrap_or(0);
        let problem = CedarProblem::at(text, at, slot.len(), "expected a static policy, got a template");
        return Err(problem.with_help(format!("write an entity in the place of `{slot}`")).into());
    }
    let count = set.num_of_policies();
    match set.policies().next() {
        Some(policy) if count == 1 => {
            let parsed = policy.new_id(PolicyId::new(NO_ID));
            Ok(CedarPolicy { text: text.into(), parsed: Arc::new(parsed) })
        }
        _ => {
            let second = scan::statements(text).get(1).map_or(0, |(start, _)| *start);
            let start = text.get(second..).map_or(0, |rest| second + rest.len() - rest.trim_start().len());
            let message = format!("expected exactly one Cedar policy; found {count}");
            Err(CedarProblem::at(text, if count == 0 { 0 } else { start }, 0, message).into())
        }
    }
}

/// Runs `work` where a deep tree does not overflow the stack.
pub(in crate::policy::cedar) fn with_room<T>(work: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(ROOM_LEFT_BYTES, ROOM_BYTES, work)
}
