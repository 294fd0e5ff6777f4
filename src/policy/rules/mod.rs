//! The rules file, in the language of agent-aegis: globs over type, target and agent, conditions, first match wins.
//!
//! May import `model` only. The way of a file: text -> `Document` -> `raw.rs` (as written, checked against its schema) ->
//! [`compile`] (globs, regexes, times; every mistake reported at once with its place) -> [`RuleSet`], whose index finds the
//! rules a call can touch without walking the others. [`compile_lenient`] takes what agent-aegis would. [`PlanRules`] speak of
//! what a session did before.

mod compile;
mod condition;
mod glob;
mod index;
mod plan;
mod raw;
mod rule_set;
mod shown;
mod trace;

pub use compile::{compile, compile_lenient, schema};
pub use glob::Glob;
pub use plan::{PlanRules, PlanViolation};
pub use rule_set::{Defaults, Prospect, RuleSet};
pub use shown::ShownRule;
pub use trace::{TraceStep, TracedRule};

#[cfg(test)]
mod tests;
