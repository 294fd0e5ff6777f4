//! The one place of the control listener that makes HTTP of errors: `problem.rs` in our own form, `document.rs` in that of
//! document 002, `governance.rs` in that of documents 000 and 001,
//! `evaluation.rs` in that of 003, `cedar.rs` in that of 004. `code.rs` lists what problems there are.

mod cedar;
mod code;
mod document;
mod evaluation;
mod governance;
mod problem;

pub(in crate::control) use cedar::{CedarError, finding_forms, only_these, problem as cedar_problem, shown};
pub(in crate::control) use code::ProblemCode;
pub(in crate::control) use document::{DocumentError, ItemError};
pub(in crate::control) use evaluation::{EvaluationError, finish_evaluation, unknown_path};
pub(in crate::control) use governance::{GovernanceError, finish, only};
pub use problem::ControlError;
