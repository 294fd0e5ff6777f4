//! What is observed of an actor for the gates: how often it made each kind of call, and how dangerous its calls looked. Imports `model`,
//! `risk` (what a divergence is) and the key of `event.rs`. Start reading at [`Watched`].

mod checkpoint;
mod scores;
mod watched;

pub use scores::DriftBaseline;

pub(super) use checkpoint::{read_watched, write_watched};
pub(super) use watched::Watched;
