//! When an actor had calls let through, and what would be unusual now. See [`Activity::anomaly`] for the rules.
//!
//! Days and hours are those of UTC, counted from 1970. What is kept has a fixed size, and what comes late finds its place.

use crate::facts::live::reports::hour_of;
use crate::facts::live::uses::SECOND;
use crate::model::decision::Anomaly;

/// Days that are looked back on: the day itself and the 30 before it.
pub(super) const DAYS: usize = 31;
const DAYS_BACK: u32 = 30;
/// Pieces of five minutes in the last hour: the one of the clock and the 11 before it.
pub(super) const PIECES: usize = 12;
const PIECES_BACK: u32 = 11;
const PIECE: i64 = 300 * SECOND;
/// Nothing is unusual before so many calls are known.
const SAMPLES_MIN: u32 = 10;
/// More than so many times the mean is a burst.
const BURST: u64 = 10;

/// The calls of one actor that were let through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Activity {
    /// The latest day with a call.
    pub(super) day: u32,
    /// Calls of each day back from there, by day modulo [`DAYS`].
    pub(super) days: [u32; DAYS],
    /// The hour (0 to 23) of the first call of each of these days.
    pub(super) firsts: [u8; DAYS],
    /// The last day with a call in each hour of the day; 0: none.
    pub(super) hours: [u32; 24],
    /// The latest piece of five minutes with a call.
    pub(super) piece: u32,
    /// Calls of each piece back from there, by piece modulo [`PIECES`].
    pub(super) pieces: [u32; PIECES],
}

/// The day of a time in microseconds.
pub(super) fn day_of(micros: i64) -> u32 {
    hour_of(micros) / 24
}

fn piece_of(micros: i64) -> u32 {
    u32::try_from(micros.div_euclid(PIECE)).unwrap_or(0)
}

fn index(number: u32, of: usize) -> usize {
    number as usize % of
}

impl Activity {
    /// A call was let through.
    pub(super) fn add(&mut self, now: i64) {
        let (day, hour) = (day_of(now), hour_of(now) % 24);
        if day.saturating_add(DAYS_BACK) < self.day {
            // The clock was far ahead for a while: what is known begins anew.
            *self = Self::default();
        }
        for gone in (self.day.saturating_add(1)..=day).rev().take(DAYS) {
            if let Some(count) = self.days.get_mut(index(gone, DAYS)) {
                *count = 0;
            }
        }
        self.day = self.day.max(day);
        let at = index(day, DAYS);
        if let (Some(count), Some(first)) = (self.days.get_mut(at), self.firsts.get_mut(at)) {
            #[expect(clippy::cast_possible_truncation, reason = "an hour of the day")]
            let hour = hour as u8;
            *first = if *count == 0 { hour } else { hour.min(*first) };
            *count = count.saturating_add(1);
        }
        if let Some(last) = self.hours.get_mut(hour as usize) {
            *last = day.max(*last);
        }
        self.add_piece(piece_of(now));
    }

    fn add_piece(&mut self, piece: u32) {
        for gone in (self.piece.saturating_add(1)..=piece).rev().take(PIECES) {
            if let Some(count) = self.pieces.get_mut(index(gone, PIECES)) {
                *count = 0;
            }
        }
        self.piece = self.piece.max(piece);
        if piece.saturating_add(PIECES_BACK) >= self.piece
            && let Some(count) = self.pieces.get_mut(index(piece, PIECES))
        {
            *count = count.saturating_add(1);
        }
    }

    /// What would be unusual about a call at `now`, given the last day on which its capability was used.
    ///
    /// Looked at are the calls of the actor that were let through on the day of `now` and on the 30 days before it. Before ten of
    /// them nothing is unusual. Then:
    /// - `new_capability`: none of them was of this capability.
    /// - `unseen_hour`: none of them was in this hour of the day.
    /// - `unseen_weekday`: none of them was on this day of the week.
    /// - `burst`: the last hour (the piece of five minutes that `now` lies in, and the eleven before it) saw more than ten times the
    ///   mean of an hour before it. That mean is the calls before the last hour over the hours from the beginning of the hour of the
    ///   first of them to the beginning of the last hour, rounded up, and counts as one where it is less: whoever calls seldom may
    ///   call ten times in an hour. Without a call before the last hour there is no mean, and no burst.
    ///
    /// Where the clock stands before the latest call that is known, days and pieces are those of that call.
    pub(super) fn anomaly(&self, last_used: Option<u32>, now: i64) -> Anomaly {
        let today = day_of(now).max(self.day);
        let oldest = today.saturating_sub(DAYS_BACK);
        let known = || self.known_days().filter(move |(day, _)| *day >= oldest);
        let samples = known().fold(0_u32, |sum, (_, count)| sum.saturating_add(count));
        if samples < SAMPLES_MIN {
            return Anomaly::default();
        }
        let hour = self.hours.get((hour_of(now) % 24) as usize).copied().unwrap_or(0);
        Anomaly {
            new_capability: last_used.is_none_or(|day| day < oldest),
            unseen_hour: hour == 0 || hour < oldest,
            unseen_weekday: !known().any(|(day, _)| day % 7 == day_of(now) % 7),
            burst: self.is_burst(samples, oldest, now),
        }
    }

    fn is_burst(&self, samples: u32, oldest: u32, now: i64) -> bool {
        let begin = piece_of(now).max(self.piece).saturating_sub(PIECES_BACK);
        let recent = (begin..=self.piece).filter_map(|piece| self.pieces.get(index(piece, PIECES)));
        let recent = recent.fold(0_u32, |sum, count| sum.saturating_add(*count));
        let before = samples.saturating_sub(recent);
        let Some(first) = self.first_hour(oldest).filter(|_| before > 0) else { return false };
        // 12 pieces in an hour.
        let hours = u64::from(begin.saturating_sub(first.saturating_mul(12)).div_ceil(12));
        u64::from(recent) * hours > BURST * u64::from(before).max(hours)
    }

    /// The hour of the first call since the day `oldest`.
    fn first_hour(&self, oldest: u32) -> Option<u32> {
        let (day, _) = self.known_days().find(|(day, _)| *day >= oldest)?;
        let hour = self.firsts.get(index(day, DAYS))?;
        Some(day * 24 + u32::from(*hour))
    }

    /// The days with calls, the oldest first.
    fn known_days(&self) -> impl Iterator<Item = (u32, u32)> {
        let days = self.day.saturating_sub(DAYS_BACK)..=self.day;
        days.filter_map(|day| Some((day, *self.days.get(index(day, DAYS))?))).filter(|(_, count)| *count > 0)
    }
}
