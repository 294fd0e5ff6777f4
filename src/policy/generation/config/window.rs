//! [`Window`]: the time that a run looks at. Imports `model`.

use crate::model::time::Timestamp;
use crate::policy::generation::config::limits::DAYS_DEFAULT;

/// A day of UTC.
const DAY_MICROS: i64 = 86_400 * 1_000_000;

/// A time, from its start on, until before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    start: Timestamp,
    end: Timestamp,
}

impl Window {
    /// The window from `start` on, until before `end`; `None` where that is no time at all.
    #[must_use]
    pub fn new(start: Timestamp, end: Timestamp) -> Option<Self> {
        (start < end).then_some(Self { start, end })
    }

    /// The window that is looked at at `now` where nobody named one: whole days of UTC, 30 of them and the one that is under way. So the
    /// same records have the same window all day long.
    #[must_use]
    pub fn usual(now: Timestamp) -> Self {
        let today = now.as_micros().div_euclid(DAY_MICROS);
        let midnight = |day: i64| Timestamp::from_micros(day.saturating_mul(DAY_MICROS));
        Self { start: midnight(today - DAYS_DEFAULT), end: midnight(today + 1) }
    }

    /// Its first moment.
    #[must_use]
    pub const fn start(&self) -> Timestamp {
        self.start
    }

    /// The moment behind it.
    #[must_use]
    pub const fn end(&self) -> Timestamp {
        self.end
    }

    /// Whether `at` is in it.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        (self.start..self.end).contains(&at)
    }

    /// How long it is.
    pub(super) const fn micros(&self) -> i64 {
        self.end.as_micros().saturating_sub(self.start.as_micros())
    }
}

/// Start and end, joined by a slash, as ISO 8601 writes intervals.
impl std::fmt::Display for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.start.to_rfc3339(), self.end.to_rfc3339())
    }
}
