//! The governance API of document 001. `decisions.rs` shows what was decided.

mod decisions;
mod paths;

pub(in crate::control) use paths::routes;
