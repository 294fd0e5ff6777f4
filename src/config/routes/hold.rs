//! How long a held call waits within its request. Imports `model` only.

use std::time::Duration;

use crate::config::raw::RawHold;
use crate::config::resolve::Spot;

/// How long a held call waits within its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldWait {
    /// Unless the caller asks for another time; at most `max_wait`, zero = not at all.
    pub wait: Duration,
    /// The most a caller may ask for; 0 to 300 s.
    pub max_wait: Duration,
}

/// In milliseconds, unless written.
const WAIT_MS: u64 = 4_000;

/// In milliseconds, unless written.
const MAX_WAIT_MS: u64 = 60_000;

pub(super) fn resolve(raw: Option<&RawHold>, spot: &Spot<'_>) -> HoldWait {
    let (wait, max_wait) = match (raw.and_then(|raw| raw.wait_ms), raw.and_then(|raw| raw.max_wait_ms)) {
        (None, None) => (WAIT_MS, MAX_WAIT_MS),
        (Some(wait), None) => (wait, MAX_WAIT_MS.max(wait)),
        (None, Some(max_wait)) => (WAIT_MS.min(max_wait), max_wait),
        (Some(wait), Some(max_wait)) => {
            if wait > max_wait {
                let message = format!("longer than max_wait_ms, the most a call may wait ({max_wait})");
                spot.key("wait_ms").refuse(message);
            }
            (wait, max_wait)
        }
    };
    HoldWait { wait: Duration::from_millis(wait), max_wait: Duration::from_millis(max_wait) }
}
