//! Proposals of document 001: decided, recorded and answered, but carried out by whoever proposes them.
//!
//! Start reading at [`ProposalDesk::propose`] in `propose.rs`, then `standing.rs` (proposals that want a person) and `report.rs`
//! (what became of them). `evaluations.rs` has those of document 003, changes that the gates judge, and
//! `overrides.rs` what people do about those that failed.

mod answer;
mod desk;
mod evaluations;
mod overrides;
mod propose;
mod report;
mod standing;

pub use answer::{ProposalAnswer, ProposalRefused};
pub use desk::ProposalDesk;
pub use evaluations::{Evaluated, EvaluationCaller, EvaluationDesk, EvaluationRefused};
pub use overrides::{NotOverridable, OverrideDesk, OverrideError};
pub use report::ReportRefused;
