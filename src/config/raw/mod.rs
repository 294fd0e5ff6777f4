//! The configuration as written: one struct a section, unknown keys refused, every default and range in the schema.
//!
//! Imports nothing of ours. The doc comments of fields are what `aegis schema config` shows, so they are written for
//! operators: meaning, unit, default. Values are not judged here beyond their type and range; see `config::load`.
//! Start reading at [`RawConfig`].

mod audit;
mod control;
mod gateway;
mod holds;
mod policy;
mod root;
mod routes;
mod secret;
mod store;
mod telemetry;

pub(super) use audit::{RawAudit, RawDurability};
pub(super) use control::{
    RawActor, RawControl, RawExecutor, RawExecutorApproval, RawExecutorKind, RawKey, RawKeyRate,
    RawPrincipalKind, RawTarget,
};
pub(super) use gateway::{
    RawCaseEqualKeys, RawGateway, RawJwt, RawListenTls, RawTlsVersion, RawTokenAlgorithm,
};
pub(super) use holds::RawHolds;
pub(super) use policy::{
    RawBands, RawBaselines, RawCedar, RawCombine, RawDefault, RawGates, RawMultipliers, RawPart, RawPolicy,
    RawRisk, RawSessions, RawShare, RawTrust, RawWeights,
};
pub(super) use root::{RawConfig, RawStage};
pub(super) use routes::{
    RawAllowPath, RawBalance, RawCall, RawHealth, RawHold, RawMatch, RawMcpDenial, RawMode, RawOperation,
    RawProtocol, RawResponse, RawRoute, RawUpstream, RawUpstreamTls, RawUpstreamTlsSettings,
};
pub(super) use secret::RawSecret;
pub(super) use store::RawStore;
pub(super) use telemetry::{RawLogFormat, RawTelemetry};

pub use policy::{CedarMode, CedarOnError, CedarProvider, CedarQuarantine};
pub use policy::{GateConstants, GateMode, GateSignals, Impact, ImpactFactors, NoveltyDirection};
pub use root::schema;
