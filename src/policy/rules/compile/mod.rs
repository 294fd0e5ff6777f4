//! From the text of a rules file to a `RuleSet`, with every mistake reported at once. Start reading at `compiler.rs`.

mod compiler;
mod conditions;
mod lenient;
mod plan;
mod rule;

pub use compiler::{compile, compile_lenient, schema};
