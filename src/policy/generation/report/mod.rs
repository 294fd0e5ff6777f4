//! What a run tells: assets with their findings, the engine's policies compared with what was seen, the summary and the digest.
//!
//! Imports lessons, what was checked, and the engine of `policy::cedar`.

mod assets;
mod compare;
mod digest;
mod scope;
mod summary;
mod usage;
mod window;

pub(super) use assets::{asset, assets};
pub(super) use compare::{present_findings, present_permits};
pub(super) use digest::{InputDigest, digest_of};
pub(super) use summary::{sentences_summary, summary};
pub(super) use usage::Usage;
pub(super) use window::window_findings;
