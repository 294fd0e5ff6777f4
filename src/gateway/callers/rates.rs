//! How many requests each key made, against how many it may make. Counted in this process, from its start on.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use crate::identity::{Key, KeyRate};
use crate::model::time::Timestamp;

const DAY_S: i64 = 86_400;

/// Most keys that are counted each for itself, tokens' subjects among them; further ones share one count.
const KEYS_MAX: usize = 100_000;

/// The tenant and the id of a key.
type Who = (Arc<str>, Arc<str>);

/// What was counted of each key.
#[derive(Debug, Default)]
pub struct KeyRates(Mutex<HashMap<Who, [Window; 2]>>);

/// Requests of one second or one day.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    /// Its number since 1970. Never an earlier one again: a clock that goes back refills nothing.
    number: i64,
    used: u32,
}

/// Where a key stands: of what limits it, what is nearest to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateStanding {
    /// How many requests it may make in the window.
    pub limit: u32,
    /// How many of them are left.
    pub remaining: u32,
    /// When the window ends, in seconds since 1970.
    pub reset_s: i64,
    /// In how many seconds that is; at least 1.
    pub retry_after_s: u32,
    /// Whether this request was one too many. It is not counted then.
    pub exceeded: bool,
}

impl KeyRates {
    /// Counts a request of `key`; `None`: nothing limits it.
    pub fn take(&self, rate: KeyRate, key: &Key, now: Timestamp) -> Option<RateStanding> {
        let second = now.as_micros().div_euclid(1_000_000);
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut who = (Arc::clone(&key.tenant), Arc::clone(&key.id));
        if counted.len() >= KEYS_MAX && !counted.contains_key(&who) {
            let today = second.div_euclid(DAY_S);
            counted.retain(|_, [_, day]| day.number >= today);
            if counted.len() >= KEYS_MAX {
                who = (Arc::default(), Arc::default());
            }
        }
        let [of_second, of_day] = counted.entry(who).or_default();
        of_second.reach(second);
        of_day.reach(second.div_euclid(DAY_S));
        let windows = [(rate.per_second, of_second, 1), (rate.per_day, of_day, DAY_S)];
        let exceeded =
            windows.iter().any(|(limit, window, _)| limit.is_some_and(|limit| window.left(limit) == 0));
        let mut nearest: Option<RateStanding> = None;
        for (limit, window, length_s) in windows {
            if !exceeded {
                window.used = window.used.saturating_add(1);
            }
            let Some(limit) = limit else { continue };
            let remaining = window.left(limit);
            let reset_s = window.number.saturating_add(1).saturating_mul(length_s);
            let standing = RateStanding {
                limit: limit.get(),
                remaining,
                reset_s,
                retry_after_s: u32::try_from(reset_s.saturating_sub(second)).unwrap_or(0).max(1),
                exceeded,
            };
            // Of two that are used up the one that lasts.
            if nearest.is_none_or(|other| remaining < other.remaining || (exceeded && remaining == 0)) {
                nearest = Some(standing);
            }
        }
        nearest
    }
}

impl Window {
    fn reach(&mut self, number: i64) {
        if number > self.number {
            *self = Self { number, used: 0 };
        }
    }

    fn left(&self, limit: NonZeroU32) -> u32 {
        limit.get().saturating_sub(self.used)
    }
}
