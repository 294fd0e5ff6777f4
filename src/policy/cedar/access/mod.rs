//! Which attributes do the conditions of a policy read? Start at [`reads_of`]; what else it may fail on, at [`unguarded`].
//!
//! Imports the reader of policies.

mod guards;
mod path;
mod reads;

pub(super) use guards::unguarded;
pub use path::ContextPath;
pub(super) use path::{AttributePath, Base, with_clauses};
pub(super) use reads::{Reads, Tags, reads_of};
