//! What is answered: outcomes, what each engine says, and the combined decision.
//!
//! Imports nothing of ours but the rest of `model`. Start reading at [`Decision`].

mod answer;
mod code;
mod execution;
mod facts;
mod finding;
mod outcome;
mod reason;

pub use answer::{Decision, SnapshotRef};
pub use code::ReasonCode;
pub use execution::{ExecutionResult, OUTCOME_UNKNOWN, Witnessed};
pub use facts::{Facts, History, PastStep};
pub use finding::{Authorization, Engine, Finding, Restricted, Restriction};
pub use outcome::{Outcome, RiskLevel};
pub use reason::Reason;
