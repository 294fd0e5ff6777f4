//! `policy`: what decides. Imports nothing of ours.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::raw::{RawCedar, RawGates, RawRisk, RawSessions};

/// What decides.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Policy")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawPolicy {
    /// The rules file, relative to this file (`aegis schema policy` describes it). Absent: only default decides.
    #[schemars(length(min = 1))]
    pub(crate) rules: Option<String>,
    /// Capabilities, policies, grants and actors: a YAML file, or a folder of them, relative to this file. The API adds to
    /// them. Absent: only the API does.
    #[schemars(length(min = 1))]
    pub(crate) governance: Option<String>,
    /// Whether a call must be of a registered capability, with parameters that its schema admits. Default off.
    pub(crate) capabilities: RawPart,
    /// Whether a caller must have a live grant for what it calls. Default off.
    pub(crate) grants: RawPart,
    /// Which of several policy rules that match a call decides. Default deny_overrides.
    pub(crate) combine: RawCombine,
    /// Cedar policies: which engine takes part, and its files.
    pub(crate) cedar: RawCedar,
    /// The risk score of calls, and what it restricts.
    pub(crate) risk: Option<RawRisk>,
    /// The six gates: of proposals for changes, and of calls.
    pub(crate) gates: RawGates,
    /// What becomes of a call that nothing decides. Default deny.
    pub(crate) default: RawDefault,
    /// Whether a changed rules file is taken over while running. Default true.
    pub(crate) watch: bool,
    /// How much is remembered of sessions, for rules that look at them (plan_rules).
    pub(crate) sessions: RawSessions,
}

impl Default for RawPolicy {
    fn default() -> Self {
        Self {
            rules: None,
            governance: None,
            capabilities: RawPart::Off,
            grants: RawPart::Off,
            combine: RawCombine::DenyOverrides,
            cedar: RawCedar::default(),
            risk: None,
            gates: RawGates::default(),
            default: RawDefault::Deny,
            watch: true,
            sessions: RawSessions::default(),
        }
    }
}

/// Whether something takes part in decisions.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[schemars(rename = "Part")]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawPart {
    /// It restricts nothing.
    Off,
    /// What it does not know is denied.
    Required,
}

/// Which of several policy rules that match a call decides.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "Combine")]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawCombine {
    /// A DENY, else the one of the highest priority.
    DenyOverrides,
    /// The most restrictive one, whatever the priorities.
    Strictest,
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
