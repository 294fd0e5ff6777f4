//! `policy.sessions`. Imports nothing of ours.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
