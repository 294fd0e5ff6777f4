//! `policy`: where the rules are, and what holds without them. Imports `model` only.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::raw::{RawDefault, RawPolicy, RawSessions};
use crate::config::resolve::Spot;
use crate::model::decision::Outcome;

/// Where the rules are, and what holds without them.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The rules file; `None`: only `default` decides.
    pub rules: Option<PathBuf>,
    /// What becomes of a call that nothing decides.
    pub default: Outcome,
    /// Whether a changed rules file is taken over while running.
    pub watch: bool,
    /// How much is remembered of sessions.
    pub sessions: SessionLimits,
}

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
    const fn of(raw: &RawSessions) -> Self {
        Self { max: raw.max, max_per_actor: raw.max_per_actor, idle: Duration::from_secs(raw.idle_s) }
    }
}

impl Default for SessionLimits {
    /// What holds where the configuration says nothing of it.
    fn default() -> Self {
        Self::of(&RawSessions::default())
    }
}

pub(super) fn resolve(raw: RawPolicy, spot: &Spot<'_>) -> Policy {
    let default = match raw.default {
        RawDefault::Deny => Outcome::Deny,
        RawDefault::Allow => Outcome::Allow,
        RawDefault::RequireConfirmation => Outcome::RequireConfirmation,
        RawDefault::Escalate => Outcome::Escalate,
    };
    let sessions = SessionLimits::of(&raw.sessions);
    Policy { rules: raw.rules.map(|path| spot.beside(&path)), default, watch: raw.watch, sessions }
}
