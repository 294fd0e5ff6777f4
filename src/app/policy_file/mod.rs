//! A rules file by itself: loaded, looked over, compared with another, and asked what it would decide. Nothing is executed or recorded.
//!
//! Start reading at [`PolicyFile`].

mod cases;
mod compare;
mod cover;
mod file;
mod lint;
mod never;
mod written;

pub use cases::{Case, Cases, Expected};
pub use compare::{Change, compare};
pub use file::{PolicyFile, Question, approval_word};
pub(super) use lint::{approvals, lint};
pub(super) use written::rule_places;

#[cfg(test)]
mod tests;
