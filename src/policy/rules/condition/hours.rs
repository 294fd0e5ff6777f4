//! When a rule holds: a time of day, days of the week, and the zone whose clock is meant.

use crate::model::time::{Timestamp, Zone};

/// Times of day and days of the week.
#[derive(Clone, Debug, Default)]
pub(in crate::policy::rules) struct Hours {
    /// Whose clock and calendar; UTC where none is written.
    pub(in crate::policy::rules) zone: Option<Zone>,
    /// From this many minutes past midnight on.
    pub(in crate::policy::rules) after: Option<u16>,
    /// Until just before this many minutes past midnight. Earlier than `after`: the window goes over midnight.
    pub(in crate::policy::rules) before: Option<u16>,
    /// Bit n is set for ISO weekday n: the day it is at the moment, also after midnight in a window that goes over it.
    pub(in crate::policy::rules) days: Option<u8>,
}

impl Hours {
    /// Whether nothing is asked.
    pub(in crate::policy::rules) const fn is_empty(&self) -> bool {
        self.after.is_none() && self.before.is_none() && self.days.is_none()
    }

    /// The keys of a rules file that ask for it.
    pub(super) fn keys(&self) -> Vec<&'static str> {
        let keys = [
            (self.after.is_some(), "time_after"),
            (self.before.is_some(), "time_before"),
            (self.days.is_some(), "weekdays"),
        ];
        keys.into_iter().filter_map(|(is_asked, key)| is_asked.then_some(key)).collect()
    }

    /// Whether the window of a day has no minute in it.
    pub(in crate::policy::rules) fn never_holds(&self) -> bool {
        match (self.after, self.before) {
            (Some(after), Some(before)) => after == before,
            (None, Some(before)) => before == 0,
            (_, None) => false,
        }
    }

    pub(super) fn holds(&self, now: Timestamp) -> bool {
        let (minute, weekday) = match &self.zone {
            Some(zone) => now.local(zone),
            None => (now.minute_of_day_utc(), now.iso_weekday_utc()),
        };
        let begun = self.after.is_none_or(|after| minute >= after);
        let not_over = self.before.is_none_or(|before| minute < before);
        let over_midnight =
            matches!((self.after, self.before), (Some(after), Some(before)) if after > before);
        let in_window = if over_midnight { begun || not_over } else { begun && not_over };
        in_window && self.days.is_none_or(|days| days & (1 << weekday) != 0)
    }
}
