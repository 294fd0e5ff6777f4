//! The rules file, in the language of agent-aegis: globs over type, target and agent, conditions, first match wins.
//!
//! May import `model` only. The way of a file: text -> `Document` -> `raw.rs` (as written, checked against its schema) ->
//! [`compile`] (globs, regexes, times; every mistake reported at once with its place) -> [`RuleSet`], whose index finds the
//! rules a call can touch without walking the others.

mod compare;
mod compile;
mod condition;
mod glob;
mod index;
mod raw;
mod rule_set;
mod trace;

pub use compile::{compile, schema};
pub use rule_set::{Defaults, Prospect, RuleSet};
pub use trace::{TraceStep, TracedRule};

#[cfg(test)]
mod tests;
