//! What became of the calls of one actor to one capability: how many were reported, and how many failed.

use crate::facts::live::uses::SECOND;

/// As many of the last reports are looked at, however old they are.
const LAST: u32 = 100;
/// Those of as many hours are looked at, however many they are: the hour of the clock, and those before it.
pub(super) const HOURS: u32 = 24;

/// Reports, as far as they are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reports {
    /// The last of them, the newest in the lowest bit: whether each failed.
    pub(super) bits: u128,
    /// How many of the bits are reports; at most [`LAST`].
    pub(super) last: u32,
    /// Those of the last hours, the oldest hour first; at most [`HOURS`].
    pub(super) hours: Vec<HourOf>,
}

/// The reports of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HourOf {
    /// Counted from 1970.
    pub(super) hour: u32,
    pub(super) reports: u32,
    pub(super) failures: u32,
}

/// The hour of a time in microseconds, counted from 1970.
pub(super) fn hour_of(micros: i64) -> u32 {
    u32::try_from(micros.div_euclid(3600 * SECOND)).unwrap_or(0)
}

impl Reports {
    /// One more. What comes late counts in its own hour.
    pub(super) fn add(&mut self, failed: bool, now: i64) {
        self.bits = (self.bits << 1) | u128::from(failed);
        self.last = (self.last + 1).min(LAST);
        let hour = hour_of(now);
        let newest = self.hours.last().map_or(hour, |newest| newest.hour.max(hour));
        self.hours.retain(|of| of.hour.saturating_add(HOURS) > newest);
        if hour.saturating_add(HOURS) <= newest {
            return;
        }
        let index = self.hours.partition_point(|of| of.hour < hour);
        if self.hours.get(index).is_none_or(|of| of.hour != hour) {
            self.hours.insert(index, HourOf { hour, reports: 0, failures: 0 });
        }
        if let Some(of) = self.hours.get_mut(index) {
            of.reports = of.reports.saturating_add(1);
            of.failures = of.failures.saturating_add(u32::from(failed));
        }
    }

    /// Reports and failures of the last 24 hours or of the last 100 reports, whichever are more.
    pub(super) fn count(&self, now: i64) -> (u32, u32) {
        let now = hour_of(now);
        let recent = self.hours.iter().filter(|of| of.hour.saturating_add(HOURS) > now);
        let (reports, failures) = recent.fold((0_u32, 0_u32), |(reports, failures), of| {
            (reports.saturating_add(of.reports), failures.saturating_add(of.failures))
        });
        if reports > self.last {
            return (reports, failures);
        }
        let mask = if self.last == 0 { 0 } else { u128::MAX >> (u128::BITS - self.last) };
        (self.last, (self.bits & mask).count_ones())
    }

    /// Whether any of what is looked at failed.
    pub(super) fn any_failed(&self) -> bool {
        let mask = if self.last == 0 { 0 } else { u128::MAX >> (u128::BITS - self.last) };
        self.bits & mask != 0 || self.hours.iter().any(|of| of.failures > 0)
    }
}
