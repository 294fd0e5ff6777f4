//! Capabilities, policies, grants, actors and kill switches as they are written.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::policy::governance::Kind;

/// A capability to be registered.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RawCapability {
    /// Dotted lower-case name, such as `infrastructure.deploy`: two to eight parts, at most 128 bytes.
    pub name: String,
    /// What it does, for people. At most 4,096 bytes.
    #[serde(default)]
    pub description: String,
    /// How much harm a call can do.
    pub risk_level: RawRiskLevel,
    /// JSON Schema (draft 2020-12, without references to elsewhere, at most 64 KiB) that a call's parameters must meet.
    #[serde(default)]
    pub parameter_schema: Option<Map<String, Value>>,
    /// Free words. `destructive` and `policy_change` raise the risk score.
    #[serde(default)]
    pub tags: Vec<String>,
    /// How often all callers of a tenant together may use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_limit: Option<RawSharedLimit>,
    /// The tenant it is registered for. Default: every tenant's.
    #[serde(default)]
    pub tenant: Option<String>,
}

/// A limit that all callers of a capability share. Each tenant's callers have their own.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RawSharedLimit {
    /// How many calls may be let through in any time of `window_seconds`, whoever makes them. 1 to 100,000.
    #[schemars(range(min = 1, max = 100_000))]
    pub max_requests: u32,
    /// 1 to 2,678,400 (31 days).
    #[schemars(range(min = 1, max = 2_678_400))]
    pub window_seconds: u32,
    /// What becomes of further ones.
    #[serde(default)]
    pub then: RawThen,
}

/// What becomes of calls beyond a limit.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RawThen {
    /// Held for one approver.
    RequireConfirmation,
    /// Held for the escalation roles.
    #[default]
    Escalate,
    /// Refused.
    Deny,
}

/// How much harm a call can do.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RawRiskLevel {
    /// Reads and the like.
    Low,
    /// Changes of what is not critical.
    Medium,
    /// Production systems or sensitive data.
    High,
    /// Significant damage, or nothing that can be undone.
    Critical,
}

/// A policy: all its rules are asked.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RawPolicy {
    /// Its name, in reasons and records. 1 to 128 bytes.
    pub name: String,
    /// What it is for, for people. At most 4,096 bytes.
    #[serde(default)]
    pub description: String,
    /// Its rules: 1 to 1,000.
    pub rules: Vec<RawPolicyRule>,
    /// Whether it is asked at all.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The tenant it holds for. Default: every tenant.
    #[serde(default)]
    pub tenant: Option<String>,
}

/// One rule of a policy.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RawPolicyRule {
    /// A capability's name, a prefix such as `files.*`, or `*`.
    pub capability: String,
    /// A CEL expression, in which `and`, `or`, `not` and `not in` may be written as words. Default: always.
    #[serde(default)]
    pub condition: Option<String>,
    /// What the rule says of a call it matches.
    pub outcome: RawOutcome,
    /// The higher wins; a DENY wins in any case. 0 to 1,000,000.
    #[serde(default)]
    pub priority: u32,
    /// Lets a critical capability through without a person, if the rule names it exactly.
    #[serde(default)]
    pub accepts_critical: bool,
    /// What must be done for a call that this rule lets through.
    #[serde(default)]
    pub constraints: RawObligations,
}

/// What a rule says.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RawOutcome {
    /// Let it through.
    Allow,
    /// Hold it for one approver.
    RequireConfirmation,
    /// Hold it for the escalation roles.
    Escalate,
    /// Refuse it.
    Deny,
}

/// What must be done for a call that is let through.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RawObligations {
    /// Longest answer that may come back, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_response_bytes: Option<u64>,
    /// JSON pointers to values of the answer that are hidden.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redact_response: Vec<String>,
    /// Only calls that are known to read fulfill it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub read_only: bool,
    /// Recorded in full and counted.
    #[serde(default, skip_serializing_if = "is_false")]
    pub monitoring: bool,
}

/// A grant: an actor's right to a capability.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RawGrant {
    /// The actor's id; in the API it stands in the path.
    #[serde(default)]
    pub actor: Option<String>,
    /// The capability's name. No pattern.
    pub capability: String,
    /// Limits of it.
    #[serde(default)]
    pub constraints: RawGrantConstraints,
    /// When it ends, RFC 3339.
    #[serde(default)]
    pub expires_at: Option<String>,
    /// The actor's tenant. Default: that of the key, in files `default`.
    #[serde(default)]
    pub tenant: Option<String>,
}

/// Limits of a grant.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RawGrantConstraints {
    /// When on a day it may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_window: Option<RawTimeWindow>,
    /// How often it may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RawRateLimit>,
}

/// A window of each day: from `start` on, until before `end`. `start` after `end` goes over midnight.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RawTimeWindow {
    /// `HH:MM`
    pub start: String,
    /// `HH:MM`
    pub end: String,
    /// Zone of the IANA database whose wall clock is meant.
    #[serde(default = "utc")]
    pub timezone: String,
}

/// A rate.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RawRateLimit {
    /// How many calls may be let through in any time of `window_seconds`. 1 to 100,000.
    #[schemars(range(min = 1, max = 100_000))]
    pub max_requests: u32,
    /// 1 to 2,678,400 (31 days).
    #[schemars(range(min = 1, max = 2_678_400))]
    pub window_seconds: u32,
}

/// An actor's status.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RawActor {
    /// The actor's id; in the API it stands in the path.
    #[serde(default)]
    pub actor: Option<String>,
    /// Whether it may do anything.
    pub status: RawStanding,
    /// Why, for people. At most 1,024 bytes.
    #[serde(default)]
    pub reason: String,
    /// How far it is trusted: 0 to 1. Default: as new actors are.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub trust: Option<f64>,
    /// The actor's tenant. Default: that of the key, in files `default`.
    #[serde(default)]
    pub tenant: Option<String>,
}

/// Whether an actor may do anything.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RawStanding {
    /// It may, as far as policy lets it.
    Active,
    /// Not now.
    Suspended,
    /// Never again, unless that is changed.
    Revoked,
}

/// A kill switch.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RawKillSwitch {
    /// While it is, nothing is let through.
    pub active: bool,
    /// Why, for people. At most 1,024 bytes.
    #[serde(default)]
    pub reason: String,
    /// The tenant whose calls are stopped. Default: everybody's.
    #[serde(default)]
    pub tenant: Option<String>,
}

/// A file of governance objects.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawFile {
    /// Capabilities to register.
    #[serde(default)]
    pub capabilities: Vec<RawCapability>,
    /// Policies.
    #[serde(default)]
    pub policies: Vec<RawPolicy>,
    /// Grants; each names its actor.
    #[serde(default)]
    pub grants: Vec<RawGrant>,
    /// Statuses of actors; each names its actor.
    #[serde(default)]
    pub actors: Vec<RawActor>,
}

/// An object as it was written with every default filled in; `None` for what does not fit its schema.
pub(in crate::policy::governance) fn filled(kind: Kind, written: Value) -> Option<Value> {
    fn through<T: DeserializeOwned + Serialize>(written: Value) -> Option<Value> {
        serde_json::from_value::<T>(written).and_then(serde_json::to_value).ok()
    }
    match kind {
        Kind::Capability => through::<RawCapability>(written),
        Kind::Policy => through::<RawPolicy>(written),
        Kind::Grant => through::<RawGrant>(written),
        Kind::Actor => through::<RawActor>(written),
        Kind::KillSwitch => through::<RawKillSwitch>(written),
        Kind::CedarEngine | Kind::CedarPolicy | Kind::CedarEnforcement => None,
    }
}

fn yes() -> bool {
    true
}

fn utc() -> String {
    "UTC".to_owned()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !*value
}
