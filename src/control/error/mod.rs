//! The one place of the control listener that makes HTTP of errors: `problem.rs` in our own form, `document.rs` in that of
//! document 002.

mod document;
mod problem;

pub(in crate::control) use document::{DocumentError, ItemError};
pub use problem::ControlError;
