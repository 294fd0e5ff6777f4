//! The time of day a grant is for.

use crate::model::time::Zone;

/// A window of each day on the wall clock of a zone, half-open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeWindow {
    start_minute: u16,
    end_minute: u16,
    zone: Zone,
}
