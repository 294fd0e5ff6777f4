//! A rules file by itself: loaded, looked over, compared with another, and asked what it would decide. Nothing is executed or recorded.
//!
//! Start reading at [`PolicyFile`].

mod cases;
mod compare;
mod cover;
mod file;
mod lint;
mod never;

pub use cases::{Case, Cases, Expected};
pub use compare::{Change, compare};
pub(super) use file::rule_places;
pub use file::{Loading, PolicyFile, Question};
pub(super) use lint::{approvals, lint};

#[cfg(test)]
mod tests;
