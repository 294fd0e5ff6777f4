//! L3: what is known beside the policies when a decision is made: what each session did before.
//!
//! May import L0 to L2. Start reading at [`Sessions::decide`].

mod rehearsal;
mod sessions;
mod table;

pub use rehearsal::Rehearsal;
pub use sessions::{Decided, LaterStep, Sessions};

#[cfg(test)]
mod tests;
