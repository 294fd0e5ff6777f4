//! L1: what did the operators write? Raw text is compiled once into something that only answers questions.
//!
//! May import `model` only. Start reading at [`rules`]: agent-aegis's YAML, first match wins.

pub mod cedar;
pub mod conditions;
pub mod engines;
pub mod generation;
pub mod governance;
pub mod rules;
