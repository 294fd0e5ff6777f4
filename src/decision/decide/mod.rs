//! The answer to a decision request: what the authorizers say (`authorized.rs`), combined with what the restrictors have against it
//! (`combine.rs`), and how it came (`explain.rs`). Start reading at [`decide`] in `deciding.rs`.

mod authorized;
mod by_cedar;
mod combine;
mod deciding;
mod explain;
mod registered;

pub(in crate::decision) use authorized::Authorized;
pub(in crate::decision) use combine::restrictor_outcome;
pub use combine::{Combined, combine};
pub use deciding::{certainly_denied, decide};
pub use explain::{Explanation, explain};
pub(in crate::decision) use registered::Registered;
