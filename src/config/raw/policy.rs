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
    /// Governance objects: a file, or a folder of files.
    pub(crate) governance: Option<String>,
    /// What becomes of a call that nothing decides. Default deny.
    pub(crate) default: RawDefault,
    /// Whether a changed rules file is taken over while running. Default true.
    pub(crate) watch: bool,
}

impl Default for RawPolicy {
    fn default() -> Self {
        Self { rules: None, governance: None, default: RawDefault::Deny, watch: true }
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
