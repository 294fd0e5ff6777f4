//! `policy`: what decides. Imports nothing of ours.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What decides.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Policy")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawPolicy {
    /// The rules file, relative to this file (`aegis schema policy` describes it). Absent: only default decides.
    #[schemars(length(min = 1))]
    pub(crate) rules: Option<String>,
    /// What becomes of a call that nothing decides. Default deny.
    pub(crate) default: RawDefault,
    /// Whether a changed rules file is taken over while running. Default true.
    pub(crate) watch: bool,
    /// How much is remembered of sessions, for rules that look at them (plan_rules).
    pub(crate) sessions: RawSessions,
}

impl Default for RawPolicy {
    fn default() -> Self {
        Self { rules: None, default: RawDefault::Deny, watch: true, sessions: RawSessions::default() }
    }
}

/// How much is remembered of sessions, for rules that look at them (plan_rules).
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "Sessions")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawSessions {
    /// How many sessions are remembered in all; for one more, the one that was idle longest is forgotten. Default 10000.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(crate) max: usize,
    /// How many of one actor; for one more, its own that was idle longest is forgotten. Default 256.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(crate) max_per_actor: usize,
    /// After how many seconds without a call a session is forgotten. Default 86400.
    #[schemars(range(min = 1, max = 2_592_000))]
    pub(crate) idle_s: u64,
}

impl Default for RawSessions {
    fn default() -> Self {
        Self { max: 10_000, max_per_actor: 256, idle_s: 86_400 }
    }
}

/// What becomes of a call that nothing decides.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "DefaultOutcome")]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawDefault {
    /// Blocked.
    Deny,
    /// Forwarded.
    Allow,
    /// Held for one approver.
    RequireConfirmation,
    /// Held for the escalation roles.
    Escalate,
}
