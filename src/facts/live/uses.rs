//! The uses of one grant, or of one capability by everybody: a sliding log.
//!
//! The newest uses are kept one by one, as many as were ever seen to be allowed and [`SLACK`] more; older ones in at most
//! [`BUNDLES`] bundles, each of which counts as if all of it had been used when its last was. So an answer is exact for the rates
//! that were asked about, and after a change to a larger number or a longer window it is too strict rather than too mild.
//!
//! Time here only goes forward: a clock that was put back by at most [`BACK`] stands still until it has caught up, and one that was
//! put back further goes on from where it is, with every use as old as it was. Either way nothing is refilled.

use std::collections::VecDeque;

use crate::model::decision::RateLimit;

/// Longest window a limit may have, in microseconds: 31 days.
pub(super) const HORIZON: i64 = 2_678_400 * SECOND;
/// A second in microseconds.
pub(super) const SECOND: i64 = 1_000_000;
/// By as much a clock may be put back and is waited for, in microseconds: far more than calls overtake each other by.
const BACK: i64 = 3600 * SECOND;
/// Uses that are kept one by one beyond as many as are allowed, for those that are given back.
const SLACK: usize = 32;
/// Most uses that are kept one by one: the most a limit may allow, and the slack.
pub(super) const KEEP_MAX: usize = 100_000 + SLACK;
/// Most bundles of older uses.
pub(super) const BUNDLES: usize = 32;

/// The uses of one grant, or of one capability by everybody, at least in the longest window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Uses {
    /// The newest, one by one, the oldest first.
    pub(super) single: VecDeque<i64>,
    /// Those before, the oldest first.
    pub(super) bundles: Vec<Bundle>,
    /// The latest time that was seen.
    pub(super) latest: i64,
    /// How many are kept one by one.
    pub(super) keep: usize,
    /// How often the clock was put back far; a use of before cannot be given back any more.
    pub(super) shifts: u32,
}

/// Some uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bundle {
    /// When the last of them was.
    pub(super) until: i64,
    /// How many.
    pub(super) count: u32,
}

/// A use that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) at: i64,
    shifts: u32,
}

impl Uses {
    pub(super) fn new(now: i64) -> Self {
        Self { latest: now, ..Self::default() }
    }

    /// How many uses lie within the `window` that ends at `now`.
    pub(super) fn count(&self, window: i64, now: i64) -> u32 {
        let after = self.latest.max(now).saturating_sub(window);
        let single = self.single.len() - self.single.partition_point(|at| *at <= after);
        let bundled = self.bundles.iter().filter(|bundle| bundle.until > after).map(|bundle| bundle.count);
        bundled.fold(u32::try_from(single).unwrap_or(u32::MAX), u32::saturating_add)
    }

    /// Takes one more if every one of `rates` has room for it within its window that ends at `now`; else one that has none, and the
    /// time at which a use leaves its window. `most`: what the widest limit allows.
    pub(super) fn take(
        &mut self,
        rates: impl Iterator<Item = RateLimit>,
        most: u32,
        now: i64,
    ) -> Result<Taken, (RateLimit, i64)> {
        self.see(now);
        self.allow(most);
        for rate in rates {
            let window = window_of(rate.window_s);
            if let Some(at) = self.nth_newest(rate.max_requests)
                && at > self.latest.saturating_sub(window)
            {
                return Err((rate, at.saturating_add(window)));
            }
        }
        Ok(self.note())
    }

    /// One more, whatever the limits say: it was let through.
    pub(super) fn add(&mut self, most: u32, now: i64) {
        self.see(now);
        self.allow(most);
        self.note();
    }

    /// As if it had not been.
    pub(super) fn give_back(&mut self, taken: Taken) {
        if taken.shifts != self.shifts {
            return;
        }
        if let Ok(index) = self.single.binary_search(&taken.at) {
            self.single.remove(index);
        } else if let Some(index) = self.bundles.iter().position(|bundle| bundle.until >= taken.at)
            && let Some(bundle) = self.bundles.get_mut(index)
        {
            bundle.count -= 1;
            if bundle.count == 0 {
                self.bundles.remove(index);
            }
        }
    }

    /// Whether any of it may still count at `now`, in whatever window, also should the clock be put back a little.
    pub(super) fn counts(&self, now: i64) -> bool {
        self.latest > now.saturating_sub(HORIZON + BACK)
    }

    /// When the `nth` newest use was, counted from 1; a bundled one counts as its bundle's last.
    fn nth_newest(&self, nth: u32) -> Option<i64> {
        let nth = usize::try_from(nth).unwrap_or(usize::MAX).max(1);
        if let Some(index) = self.single.len().checked_sub(nth) {
            return self.single.get(index).copied();
        }
        let mut seen = self.single.len();
        self.bundles.iter().rev().find_map(|bundle| {
            seen = seen.saturating_add(usize::try_from(bundle.count).unwrap_or(usize::MAX));
            (seen >= nth).then_some(bundle.until)
        })
    }

    /// The clock shows `now`.
    fn see(&mut self, now: i64) {
        let back = self.latest.saturating_sub(now);
        if back > BACK {
            self.single.iter_mut().for_each(|at| *at = at.saturating_sub(back));
            self.bundles.iter_mut().for_each(|bundle| bundle.until = bundle.until.saturating_sub(back));
            self.latest = now;
            self.shifts = self.shifts.wrapping_add(1);
        }
        self.latest = self.latest.max(now);
    }

    /// So many are allowed, so that as many must be kept one by one.
    fn allow(&mut self, most: u32) {
        let keep = usize::try_from(most).unwrap_or(usize::MAX).saturating_add(SLACK);
        self.keep = self.keep.max(keep.min(KEEP_MAX));
    }

    fn note(&mut self) -> Taken {
        self.forget();
        self.single.push_back(self.latest);
        if self.single.len() > self.keep
            && let Some(at) = self.single.pop_front()
        {
            self.bundle(at);
        }
        Taken { at: self.latest, shifts: self.shifts }
    }

    /// What no window reaches any more.
    fn forget(&mut self) {
        let after = self.latest.saturating_sub(HORIZON);
        while self.single.front().is_some_and(|at| *at <= after) {
            self.single.pop_front();
        }
        let gone = self.bundles.iter().take_while(|bundle| bundle.until <= after).count();
        self.bundles.drain(..gone);
    }

    /// Adds a use that is older than all single ones. Of too many bundles the two that lie closest together become one.
    fn bundle(&mut self, at: i64) {
        self.bundles.push(Bundle { until: at, count: 1 });
        if self.bundles.len() <= BUNDLES {
            return;
        }
        let gaps = self.bundles.iter().zip(self.bundles.iter().skip(1));
        let closest = gaps.enumerate().min_by_key(|(_, (one, next))| next.until.saturating_sub(one.until));
        let Some(index) = closest.map(|(index, _)| index) else { return };
        let earlier = self.bundles.remove(index);
        if let Some(later) = self.bundles.get_mut(index) {
            later.count = later.count.saturating_add(earlier.count);
        }
    }
}

/// A window in microseconds; none is longer than what is kept.
pub(super) fn window_of(window_s: u32) -> i64 {
    i64::from(window_s).saturating_mul(SECOND).min(HORIZON)
}
