//! All policies of one engine, and what they say of a call. Start reading at [`Engine`], then [`Asked`] and [`Verdict`].
//!
//! Imports the index and the reader of policies.

mod asked;
mod authorize;
mod compiled;
mod condition;
mod placed;
mod prospect;
mod verdict;

pub(super) use asked::{Around, AskedParts};
pub use asked::{Asked, AskedError};
pub use compiled::{Broken, Change, Engine, EngineOptions, HeldPolicy, OnError, Quarantine, StoredPolicy};
pub(super) use condition::{Condition, Evaluation};
pub(super) use placed::Placed;
pub use prospect::Touching;
pub(super) use prospect::uid;
pub use verdict::{PolicyError, Refusal, Shadow, Verdict};
