//! What is answered: outcomes, what each engine says, and the combined decision.
//!
//! Imports nothing of ours but the rest of `model`. Start reading at [`Decision`].

mod answer;
mod code;
mod execution;
mod facts;
mod finding;
mod found;
mod obligation;
mod outcome;
mod reason;
mod score;

pub use answer::{Decision, SnapshotRef};
pub use code::ReasonCode;
pub use execution::{ExecutionResult, OUTCOME_UNKNOWN, Report, ReportStatus, Witnessed};
pub use facts::{Anomaly, Conduct, Facts, History, PastStep};
pub use finding::{Authorization, Engine, Finding, Restricted, Restriction};
pub use found::{CedarFound, CedarShadow, Divergence, DriftTier, GateFound, GatesFound, Observed, Wanted};
pub use obligation::{
    Charged, GrantCharged, Obligations, RateLimit, SHARED_LIMITS, SharedCharge, SharedCharged,
};
pub use outcome::{Outcome, RiskLevel};
pub use reason::Reason;
pub use score::RiskScore;
