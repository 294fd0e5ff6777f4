//! The `config` of a request as it is written. Field docs become descriptions in `OpenAPI`. Imports nothing of ours.

use schemars::JsonSchema;
use serde::Deserialize;

/// A run over what was recorded. Every member may be left out.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawObservedConfig {
    /// `audit`, the only source besides sentences.
    pub source: Option<RawSource>,
    /// What the run is called, for people. At most 48 bytes.
    pub name: Option<String>,
    /// The time that is looked at: at most 90 days. Default: from the midnight (UTC) 30 days before the request's to the
    /// coming one.
    pub window: Option<RawWindow>,
    /// Whose calls policies are made of, as Cedar writes them: `Agent::"agent-001"`. 1 to 1,000. Default: everybody's.
    pub principals: Option<Vec<String>>,
    /// Which actions policies are made of: `Action::"files___read_file"`. 1 to 1,000. Default: all.
    pub actions: Option<Vec<String>>,
    /// Whom policies name. Default: `principal`.
    pub granularity: RawGranularity,
    /// How often a principal must have done something to a resource before it is permitted. 1 to 1,000,000. Default: 1.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub min_count: Option<u64>,
    /// Whether the summary tells who was denied what. Denied calls stay denied in any case. Default: false.
    pub include_denied: bool,
    /// Whether calls that a person approved count as allowed. Then a permit is made of them, and rules that want a person still do; without
    /// one an engine that decides denies them before anybody is asked. Default: false.
    pub include_approved: bool,
    /// What counts as allowed. Default: `enforce`.
    pub observe_mode: RawObserveMode,
    /// What policies say of arguments. Default: `none`.
    pub arguments: RawArguments,
    /// Most policies: a run that needs more fails. 1 to 1,000. Default: 200.
    #[schemars(range(min = 1, max = 1000))]
    pub max_policies: Option<u64>,
    /// Which resources policies name. Default: `exact`.
    pub resource_generalization: RawResources,
    /// Whether the summary compares the engine's policies with what was done. Default: true.
    pub compare_to_engine: Option<bool>,
}

/// A run that turns sentences into policies, in the shape of AWS.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawSentencesConfig {
    /// `text`.
    #[serde(default)]
    pub source: Option<RawSource>,
    /// What the run is called, for people. At most 48 bytes.
    #[serde(default)]
    pub name: Option<String>,
    /// The sentences.
    pub content: RawContent,
    /// What they are about.
    pub resource: RawResource,
}

/// The sentences.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawContent {
    /// Sentences such as `allow agent agent-001 to call files.read_file when path starts with "/srv/"`, each ended by a full stop, a
    /// semicolon or its line. At most 2,000 characters.
    #[serde(rename = "rawText", alias = "raw_text")]
    pub raw_text: String,
}

/// What sentences are about.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawResource {
    /// The id of the gateway: here, the name of the route.
    pub arn: String,
}

/// A time, from `start` on, until before `end`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawWindow {
    /// RFC 3339.
    pub start: String,
    /// RFC 3339.
    pub end: String,
}

/// Where a run takes from what it makes.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum RawSource {
    /// The ledger.
    Audit,
    /// Sentences.
    Text,
}

/// Whom policies name.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RawGranularity {
    /// Each principal.
    #[default]
    Principal,
    /// A group, where those of it who were active did it.
    Group,
    /// A role, likewise.
    Role,
}

/// What counts as allowed.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RawObserveMode {
    /// What the policies allowed.
    #[default]
    Enforce,
    /// What was let through, even if only because the policies were watched and not followed.
    LogOnly,
}

/// What policies say of arguments. Values that look secret are never written into a policy.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RawArguments {
    /// Nothing.
    #[default]
    None,
    /// The values seen, up to 16; of more, as `range` and `prefix` do.
    Enum,
    /// Of integers, the smallest to the largest seen; of others, as `enum`.
    Range,
    /// Of strings, how all begin, up to a separator; of integers, as `range`; of others, as `enum`.
    Prefix,
}

/// Which resources policies name.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RawResources {
    /// Each resource.
    #[default]
    Exact,
    /// Where eight or more below one path were used, all below that path.
    Prefix,
    /// Where two or more were used, all of their type.
    Any,
}
