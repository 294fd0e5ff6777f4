//! Limits and defaults of a `config`. Imports nothing of ours.

use std::time::Duration;

/// One day, in seconds.
const DAY_SECONDS: u64 = 86_400;

/// Longest window.
pub(super) const WINDOW_MAX: Duration = Duration::from_secs(90 * DAY_SECONDS);

/// How many whole days a window has that nobody named, besides the one that is under way.
pub(super) const DAYS_DEFAULT: i64 = 30;

/// Most principals, and most actions, that may be named.
pub(super) const NAMED_MAX: usize = 1000;

/// Largest `min_count`.
pub(super) const MIN_COUNT_MAX: u64 = 1_000_000;

/// Largest `max_policies`.
pub(super) const POLICIES_MAX: u64 = 1000;

/// `max_policies` where nobody named it.
pub(super) const POLICIES_DEFAULT: u64 = 200;

/// Longest name of a run, in bytes.
pub(super) const NAME_MAX_BYTES: usize = 48;

/// Longest text of sentences, in characters.
pub(super) const TEXT_MAX_CHARS: usize = 2000;
