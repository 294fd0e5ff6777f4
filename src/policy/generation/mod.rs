//! Least-privilege policies made of what agents really did, and of sentences that people wrote.
//!
//! Imports `model` and `policy::cedar`; says everything to Cedar as text that is read back. The way of a run: records -> [`Observations`]
//! -> cells and plans (`learn`) -> text (`write`) -> a trial before an engine (`check`) -> [`Generated`]. The same input gives the same
//! bytes. Start reading at [`generate`]; sentences at [`translate`]; trying a draft at [`simulate`].

mod check;
pub mod config;
mod entity;
mod generate;
mod generated;
mod learn;
mod observe;
mod report;
mod sentences;
mod simulate;
mod write;

pub use config::{
    ArgumentMode, ConfigError, GenerationConfig, Granularity, ObserveMode, ObservedConfig, ResourceMode,
    SentencesConfig, Window,
};
pub use entity::{EntityRef, EntityTypes};
pub use generate::{GenerationInput, generate};
pub use generated::{Generated, GeneratedAsset, GenerationFinding, GenerationStatus};
pub use observe::{
    Evidence, Observation, ObservationCounts, ObservationLimits, Observations, ObservedOutcome, Unaskable,
};
pub use sentences::translate;
pub use simulate::{Deciding, Flip, Flips, SimulatedCount, Simulation, simulate};

#[cfg(test)]
mod tests;
