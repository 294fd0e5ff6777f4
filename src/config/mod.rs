//! The gateway's configuration: text in, [`Config`] out, every mistake at once with file, line, key and what was meant.
//!
//! May import `model` only, and does no I/O: files and environment variables come through [`Sources`]. The way of a file:
//! `Document` -> overrides from the environment (`env`) -> keys of later versions refused (`unbuilt`) -> shape against the
//! schema ([`schema`]) -> `raw` structs -> one resolver a concern ([`Control`], [`Gateway`], [`Route`], ...), which judge
//! what a schema cannot say. Start reading at [`load_document`].
//!
//! INVARIANT: a `Config` is complete and sound. Nothing that reads it checks it again.

mod audit;
mod control;
mod env;
mod gateway;
mod holds;
mod load;
mod policy;
mod raw;
mod resolve;
mod routes;
mod secret;
mod store;
mod telemetry;
mod unbuilt;

#[cfg(test)]
mod tests;

pub use audit::{Audit, Durability};
pub use control::{Control, Executor, ExecutorTarget, Key, KeyActor, KeyHash, KeyRate};
pub use gateway::{
    Gateway, Jwt, JwtKey, Listen, ListenAddress, ListenTls, ServerCertificate, Timeouts, TlsVersion,
};
pub use holds::Holds;
pub use load::{Config, Stage, load_document, read_key};
pub use policy::{
    Cedar, Combine, Gates, Policy, Risk, RiskBands, RiskBaselines, RiskMultipliers, RiskTrust, RiskWeights,
    SessionLimits,
};
pub use raw::schema;
pub use raw::{CedarMode, CedarOnError, CedarProvider, CedarQuarantine};
pub use raw::{GateConstants, GateMode, GateSignals, Impact, ImpactFactors, NoveltyDirection};
pub use routes::{
    Anonymous, Balance, ClientIdentity, HoldWait, McpDenial, Mode, Operation, PathPrefix, Protocol, Response,
    Route, ToolNames, Upstream, UpstreamAddress, UpstreamHeader, UpstreamHealth, UpstreamTls,
};
pub use secret::{Secret, Sources};
pub use store::Store;
pub use telemetry::{LogFormat, Telemetry};
