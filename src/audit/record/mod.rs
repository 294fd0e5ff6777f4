//! The records of the ledger: which members a line has, in which order. `lines.rs` has the most frequent, `reasons.rs` what a
//! decision was made with, `change.rs` what operators change, `report.rs` what callers report, `evaluation.rs` what the gates
//! found of proposed changes, `overriding.rs` who overrode that, `recalibration.rs` whose drift baseline was forgotten, `by_cedar.rs` what
//! Cedar found, `generation.rs` which policies were made of records.
//!
//! Imports `model` and `telemetry`. Start reading at [`DecisionRecord`].

mod by_cedar;
mod change;
mod evaluation;
mod generation;
mod lines;
mod overriding;
mod reasons;
mod recalibration;
mod report;

pub use change::{ChangeRecord, RevertRecord};
pub use evaluation::{EVALUATION, EvaluationRecord};
pub use generation::GenerationRecord;
pub(in crate::audit) use lines::Line;
pub use lines::{DecisionRecord, EventRecord, Origin, SnapshotRecord};
pub use overriding::OverrideRecord;
pub use recalibration::{DRIFT_RECALIBRATED, RecalibrationRecord};
pub use report::{ReportRecord, ReportedBy};
