//! L3: what is known beside the policies when a decision is made: what each session did before.
//!
//! May import L0 to L2. Start reading at [`Sessions::decide`].

mod sessions;
mod table;

pub use sessions::{Decided, LaterStep, Sessions};
pub use table::SessionLimits;

#[cfg(test)]
mod tests;
