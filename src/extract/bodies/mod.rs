//! The bodies of the control API that ask for decisions: actions of document 002, proposals and reports of document 001.
//!
//! Start reading at [`Actions`] and [`Proposal`].

mod actions;
mod locate;
mod members;
mod proposal;
mod report;

pub use actions::{ActionCall, ActionError, Actions, ActionsError, read_json};
pub use members::FieldError;
pub use proposal::Proposal;
pub use report::read_report;
