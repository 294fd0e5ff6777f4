//! Overrides of evaluations: two people of two roles let a change pass that failed gates, and say the same about why.
//!
//! `state.rs` has what an override is and every change it can go through, as pure functions; `message.rs` what its people agree on;
//! `store.rs` where overrides are kept. Start reading at [`Override::vote`].

mod message;
mod state;
mod store;

#[cfg(test)]
mod memory;
#[cfg(test)]
mod tests;

pub use message::{MessageHash, OverrideMessage};
pub use state::{OVERRIDE_LASTS, Override, OverrideAsk, OverrideRefused, OverrideState, OverrideVote};
pub use store::{EXPIRED_OVERRIDE_KEPT, OverrideStore};

#[cfg(test)]
pub(crate) use memory::MemoryOverrideStore;
