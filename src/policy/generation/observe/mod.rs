//! What agents did: recorded decisions, one by one, made into distinct calls with their counts. Start at [`Observations`].
//!
//! Imports `model`, entities and the questions of `policy::cedar`.

mod call;
mod evidence;
mod observation;
mod observations;

pub(super) use call::Call;
pub use evidence::Evidence;
pub use observation::{Observation, ObservedOutcome, Unaskable};
pub(super) use observations::CallTally;
pub use observations::{ObservationCounts, ObservationLimits, Observations};
