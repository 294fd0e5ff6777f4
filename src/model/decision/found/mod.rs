//! What engines found of a call besides what they say of it: the six gates, and Cedar.

mod cedar;
mod gates;

pub use cedar::{CedarFound, CedarShadow};
pub use gates::{Divergence, DriftTier, GateFound, GatesFound, Observed, Wanted};
