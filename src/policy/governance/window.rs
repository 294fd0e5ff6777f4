//! The time of day a grant is for.

use thiserror::Error;

use crate::model::time::{Timestamp, Zone};

/// A window of each day on the wall clock of a zone, half-open.
///
/// It goes by what a clock on the wall shows: a start that the clock skips in spring begins at the next instant there is, and an
/// hour that it shows twice in autumn is inside twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeWindow {
    start_minute: u16,
    end_minute: u16,
    zone: Zone,
    /// As in reasons: `09:00-17:00 Europe/Berlin`.
    text: String,
}

/// What is no window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TimeWindowError {
    /// The start is no time of day.
    #[error("not a time of day: write HH:MM, as in 09:00")]
    Start,
    /// The end is no time of day.
    #[error("not a time of day: write HH:MM, as in 17:00")]
    End,
    /// There is no such zone.
    #[error("not a zone of the IANA database, such as Europe/Berlin")]
    Zone,
    /// Start and end are one time: that could be no time at all or the whole day.
    #[error("the window starts when it ends: leave `time_window` out for the whole day")]
    Empty,
}

impl TimeWindow {
    /// A window from `start` on until before `end`, both `HH:MM` from 00:00 to 23:59, on the clock of `zone`. A start after the end
    /// goes over midnight. An `end` of `24:00` is the end of the day.
    ///
    /// # Errors
    /// See [`TimeWindowError`].
    pub fn parse(start: &str, end: &str, zone: &str) -> Result<Self, TimeWindowError> {
        let start_minute = minute(start).ok_or(TimeWindowError::Start)?;
        let end_minute = if end == "24:00" { Some(0) } else { minute(end) }.ok_or(TimeWindowError::End)?;
        if start_minute == end_minute {
            return Err(TimeWindowError::Empty);
        }
        let text = format!("{start}-{end} {zone}");
        let zone = Zone::parse(zone).ok_or(TimeWindowError::Zone)?;
        Ok(Self { start_minute, end_minute, zone, text })
    }

    /// Whether the clock of the zone is inside at `now`.
    #[must_use]
    pub fn contains(&self, now: Timestamp) -> bool {
        let (minute, _) = now.local(&self.zone);
        let (begun, not_over) = (minute >= self.start_minute, minute < self.end_minute);
        if self.start_minute > self.end_minute { begun || not_over } else { begun && not_over }
    }

    /// The window as reasons name it: `09:00-17:00 Europe/Berlin`.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Minutes since midnight of a time of day written `HH:MM`.
fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |digits: &str| {
        let written = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        written.then(|| digits.parse::<u16>().ok())?
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}
