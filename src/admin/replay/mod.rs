//! Answers that are given again: what a request with an idempotency key was answered, so that the same request, sent again, changes
//! nothing and is told the same.

mod answer;
#[cfg(test)]
mod memory;

pub use answer::{Kept, MOST_REPLAY_BYTES, MOST_REPLAYS, REPLAY_LASTS, Replay, ReplayRequest, ReplayStore};
#[cfg(test)]
pub(crate) use memory::MemoryReplayStore;
