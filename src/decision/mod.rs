//! L2: the decision point.
//!
//! May import `model`, `config`, `telemetry` and L1. [`decide`] is a pure function: the same snapshot, request and facts give
//! the same decision, so a decision can be made again from its record. Start reading there, then at [`PolicySnapshot`].

mod cedar;
mod compile;
mod decide;
mod error;
mod gating;
mod governing;
mod restrictors;
mod route;
mod snapshot;
mod upstream;

pub use cedar::{CedarFault, CedarInForce, CedarSettings, Enforcing};
pub use compile::{compile, key as compile_key, risk_model};
pub use decide::{Combined, Explanation, certainly_denied, combine, decide, explain};
pub use error::CompileError;
pub use gating::{Gating, LiveGates, Signals};
pub use governing::Governing;
pub use route::{HoldWait, Protocol, ResponseRules, Route, RouteMatch};
pub use snapshot::{Administered, PolicySnapshot, SnapshotParts};
pub use upstream::{
    Endpoint, EndpointAddress, EndpointState, Endpoints, HealthCheck, TlsIdentity, UnderWay, Upstream,
    UpstreamTls,
};

#[cfg(test)]
mod tests;
