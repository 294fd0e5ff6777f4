//! The rules file as written. Field docs become the descriptions of `aegis schema policy`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// A policy: rules tried in order, the first that matches decides.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRules {
    /// Format version; any whole number is accepted and not interpreted.
    #[serde(default)]
    pub(super) version: Option<RawVersion>,
    /// What holds for calls no rule matches.
    #[serde(default)]
    pub(super) defaults: Option<RawDefaults>,
    /// The rules, in order.
    #[serde(default)]
    #[schemars(length(max = 10000))]
    pub(super) rules: Option<Vec<RawRule>>,
    /// Kept for whoever manages policies; not interpreted.
    #[serde(default, rename = "scope")]
    pub(super) _scope: Option<String>,
    /// Kept for whoever manages policies; not interpreted.
    #[serde(default, rename = "scope_id")]
    pub(super) _scope_id: Option<String>,
    /// What holds over all that one session does.
    #[serde(default)]
    pub(super) plan_rules: Option<RawPlan>,
}

/// Rules over a session: what was let through in it counts, and the call that is asked for.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPlan {
    /// Sequences that a session must not complete.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    pub(super) sequence_patterns: Option<Vec<RawSequence>>,
    /// How much risk a session may come to.
    #[serde(default)]
    pub(super) cumulative_risk: Option<RawCumulative>,
}

/// A sequence of calls: others may lie between its steps.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSequence {
    /// Its name in decisions.
    #[serde(default)]
    pub(super) name: Option<String>,
    /// Globs over action types, in order; the last one is the call that is asked for.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    pub(super) steps: Option<Vec<String>>,
    /// What is done with the last call: block (default), approve, escalate, or auto (nothing).
    #[serde(default)]
    pub(super) approval: Option<RawApproval>,
    /// low, medium, high or critical (default); shown only.
    #[serde(default)]
    pub(super) risk_level: Option<String>,
    /// What a caller is told.
    #[serde(default)]
    pub(super) description: Option<String>,
    /// How many calls of the session, the first and the last of the sequence among them, it may lie within. 0 (default): any.
    #[serde(default)]
    pub(super) window: Option<u32>,
}

/// The sum of the risk of a session: low 1, medium 2, high 3, critical 4 for each call.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCumulative {
    /// Its name in decisions. Default `cumulative_risk`.
    #[serde(default)]
    pub(super) name: Option<String>,
    /// The highest sum that is left alone.
    #[serde(default)]
    pub(super) max_total_risk: Option<i64>,
    /// What is done with a call beyond it: block (default), approve, escalate, or auto (nothing).
    #[serde(default)]
    pub(super) on_exceed: Option<RawApproval>,
}

/// The format version, as a number or as text.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum RawVersion {
    /// `version: 1`
    Number(IgnoredNumber),
    /// `version: "1"`
    Text(String),
}

/// A whole number nobody reads.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(from = "i64")]
#[schemars(with = "i64")]
pub(super) struct IgnoredNumber;

impl From<i64> for IgnoredNumber {
    fn from(_: i64) -> Self {
        Self
    }
}

/// What holds for calls no rule matches.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDefaults {
    /// Shown risk level: low, medium, high or critical. Default medium.
    #[serde(default)]
    pub(super) risk_level: Option<String>,
    /// auto, approve, escalate or block. Default block.
    #[serde(default)]
    pub(super) approval: Option<RawApproval>,
}

/// One rule.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    /// Its name in decisions. Default `rule_<index from 0>`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Option<String>")]
    pub(super) name: Option<Option<String>>,
    /// Which calls it is about.
    #[serde(rename = "match", default)]
    pub(super) matches: RawMatch,
    /// What else must hold; all of it. Default nothing.
    #[serde(default)]
    pub(super) conditions: Option<RawConditions>,
    /// low, medium, high or critical. Default medium.
    #[serde(default)]
    pub(super) risk_level: Option<String>,
    /// auto (allow), approve (ask a person), escalate (ask the escalation roles, each another person) or block. Default approve.
    #[serde(default)]
    pub(super) approval: Option<RawApproval>,
}

/// Which calls a rule is about. Globs: `*` any text, `?` one character, `[abc]`, `[a-z]`, `[!x]`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMatch {
    /// Glob over the capability, such as `files.read_*`. Default `*`.
    #[serde(rename = "type", default)]
    pub(super) action_type: Option<String>,
    /// Glob over the resource. Default `*`.
    #[serde(default)]
    pub(super) target: Option<String>,
    /// Glob over the caller's id. Default `*`.
    #[serde(default)]
    pub(super) agent: Option<String>,
}

/// What a rule does with a call.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawApproval {
    /// Allow it.
    Auto,
    /// Ask a person.
    Approve,
    /// Ask the escalation roles, each another person.
    Escalate,
    /// Deny it.
    Block,
}

/// Conditions of a rule. All that are written must hold; a parameter that is missing or null holds none.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConditions {
    /// "HH:MM": the time of day is this or later. Later than time_before: the window goes over midnight.
    #[serde(default)]
    pub(super) time_after: Option<String>,
    /// "HH:MM": the time of day is earlier than this.
    #[serde(default)]
    pub(super) time_before: Option<String>,
    /// Zone of the IANA database whose clock and calendar are meant, such as Europe/Berlin. Default UTC.
    #[serde(default)]
    pub(super) time_zone: Option<String>,
    /// Days of the week, Monday = 1 to Sunday = 7.
    #[serde(default)]
    #[schemars(inner(range(min = 1, max = 7)))]
    pub(super) weekdays: Option<Vec<i64>>,
    /// Parameter equals the value.
    #[serde(default)]
    pub(super) param_eq: Option<BTreeMap<String, Value>>,
    /// Parameter is greater than the value.
    #[serde(default)]
    pub(super) param_gt: Option<BTreeMap<String, Value>>,
    /// Parameter is less than the value.
    #[serde(default)]
    pub(super) param_lt: Option<BTreeMap<String, Value>>,
    /// Parameter is greater than the value or equal.
    #[serde(default)]
    pub(super) param_gte: Option<BTreeMap<String, Value>>,
    /// Parameter is less than the value or equal.
    #[serde(default)]
    pub(super) param_lte: Option<BTreeMap<String, Value>>,
    /// Parameter contains the value: part of a text, element of a list, key of a map.
    #[serde(default)]
    pub(super) param_contains: Option<BTreeMap<String, Value>>,
    /// Parameter, as text, holds a match of the regular expression (linear time: no look-around, no back-references).
    #[serde(default)]
    pub(super) param_matches: Option<BTreeMap<String, String>>,
    /// Words, or a category (destructive, data_exposure, privileged, financial, pii): one of them stands in the type, target,
    /// description, or in a parameter's name or text.
    #[serde(default)]
    pub(super) semantic: Option<String>,
}

/// Tells `name: null` (shown as globs) from no name at all (shown as `rule_<index>`).
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}
