//! `policy`: what decides. Imports nothing of ours. Start reading at [`RawPolicy`].

mod cedar;
mod gates;
mod risk;
mod section;
mod sessions;

pub(in crate::config) use cedar::RawCedar;
pub use cedar::{CedarMode, CedarOnError, CedarProvider, CedarQuarantine};
pub(in crate::config) use gates::RawGates;
pub use gates::{GateConstants, GateMode, GateSignals, Impact, ImpactFactors, NoveltyDirection};
pub(in crate::config) use risk::{
    RawBands, RawBaselines, RawMultipliers, RawRisk, RawShare, RawTrust, RawWeights,
};
pub(in crate::config) use section::{RawCombine, RawDefault, RawPart, RawPolicy};
pub(in crate::config) use sessions::RawSessions;
