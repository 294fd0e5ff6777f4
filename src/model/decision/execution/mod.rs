//! What became of a call: what the gateway saw, and what a proposer says.

mod report;
mod result;

pub use report::{Report, ReportStatus};
pub use result::{ExecutionResult, OUTCOME_UNKNOWN, Witnessed};
