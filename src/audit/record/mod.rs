//! The records of the ledger: which members a line has, in which order. `lines.rs` has the most frequent, `reasons.rs` what a
//! decision was made with, `change.rs` what operators change, `report.rs` what callers report.
//!
//! Imports `model` and `telemetry`. Start reading at [`DecisionRecord`].

mod change;
mod lines;
mod reasons;
mod report;

pub use change::{ChangeRecord, RevertRecord};
pub(in crate::audit) use lines::Line;
pub use lines::{DecisionRecord, EventRecord, Origin, SnapshotRecord};
pub use report::{ReportRecord, ReportedBy};
