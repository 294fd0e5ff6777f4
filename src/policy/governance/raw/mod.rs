//! Administered objects as they are written: in files, in bodies of the API, and in the store. Field docs become descriptions in
//! `OpenAPI`. `cedar.rs` has those of Cedar.

mod cedar;
mod governed;

pub use cedar::{RawCedarEnforcement, RawCedarEngine, RawCedarPolicy, RawConfigured};
pub(super) use governed::filled;
pub use governed::{
    RawActor, RawCapability, RawFile, RawGrant, RawGrantConstraints, RawKillSwitch, RawObligations,
    RawOutcome, RawPolicy, RawPolicyRule, RawRateLimit, RawRiskLevel, RawSharedLimit, RawStanding, RawThen,
    RawTimeWindow,
};
