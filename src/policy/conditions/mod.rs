//! Conditions of policies: CEL expressions, parsed and checked when they are written, evaluated within bounds.
//!
//! The `cel` crate reads the text; what it read is compiled into a tree of ours (`read/`) that is evaluated here (`evaluate/`). Its
//! own interpreter has no bound on work, compiles regular expressions anew at every call, answers `1 == '1'` with false, and
//! wants every parameter copied into values of its own. Ours looks at the call where it lies, counts its steps, and what it
//! cannot tell is [`Indeterminate`]. Imports `model` only. Start reading at [`Condition`], then [`Scope`].

mod condition;
mod error;
mod evaluate;
mod expression;
mod read;
mod scope;

#[cfg(test)]
mod tests;

pub use condition::Condition;
pub use error::{ConditionError, Indeterminate};
pub use scope::Scope;
