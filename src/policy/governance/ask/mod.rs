//! All that is administered, indexed, and what its policies say of a call. Start at [`Governance`], then [`PolicyQuestion`].
//!
//! Imports `model`, `policy::conditions` and the types around it.

mod combination;
mod compiled;
mod index;
mod question;

pub use compiled::Governance;
pub use question::{Combine, Matched, PolicyAnswer, PolicyQuestion, Prospect, Untold};
