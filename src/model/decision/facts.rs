//! The live numbers a decision may use. They arrive as values, so that a decision can be made again from its record.

use crate::model::time::Timestamp;

/// What is true at the moment of a decision and stands in no policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The clock, read once for the request.
    pub now: Timestamp,
}
