//! `policy.sessions`. Imports `model` only.

use std::time::Duration;

use crate::config::raw::RawSessions;

/// How much is remembered of sessions, for rules that look at them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// Most sessions in all, 1 to 1000000; for one more, the one that was idle longest is forgotten.
    pub max: usize,
    /// Most sessions of one actor, 1 to 1000000; for one more, its own that was idle longest is forgotten.
    pub max_per_actor: usize,
    /// A session that did nothing for so long is forgotten; 1 s to 30 days.
    pub idle: Duration,
}

impl SessionLimits {
    pub(super) const fn of(raw: &RawSessions) -> Self {
        Self { max: raw.max, max_per_actor: raw.max_per_actor, idle: Duration::from_secs(raw.idle_s) }
    }
}

impl Default for SessionLimits {
    /// What holds where the configuration says nothing of it.
    fn default() -> Self {
        Self::of(&RawSessions::default())
    }
}
