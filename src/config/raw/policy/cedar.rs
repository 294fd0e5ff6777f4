//! `policy.cedar`: Cedar policies. Imports nothing of ours.

use schemars::JsonSchema;
use serde::Deserialize;

/// Cedar policies: where they are kept, and which engine takes part in decisions.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(rename = "Cedar")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawCedar {
    /// Who keeps engines and policies. Default embedded.
    pub(crate) provider: CedarProvider,
    /// The engine that takes part in decisions, by its name; it is made if there is none, and then denies everything until a
    /// policy permits it. Absent: none does, unless the API chooses one.
    #[schemars(length(min = 1, max = 48))]
    pub(crate) engine: Option<String>,
    /// Policies of that engine: a folder of `.cedar` files, or one such file, relative to this file. The API adds to them.
    #[schemars(length(min = 1))]
    pub(crate) directory: Option<String>,
    /// Whether what the engine says counts. Default enforce.
    pub(crate) mode: CedarMode,
    /// What becomes of a call when policies fail to be evaluated. Default deny.
    pub(crate) on_error: CedarOnError,
    /// What becomes of calls while a stored policy can be read no more. Default deny_all.
    pub(crate) quarantine: CedarQuarantine,
    /// What stands before the types of principals, actions and resources, such as AgentCore. Absent: nothing.
    #[schemars(length(min = 1, max = 128))]
    pub(crate) namespace: Option<String>,
}

/// Who keeps engines and policies.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum CedarProvider {
    /// The gateway, with everything: enforcement, and policies generated from what agents do.
    #[default]
    Embedded,
    /// The gateway, without enforcement and generation.
    Noop,
}

/// Whether what an engine says counts.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq, Hash)]
#[serde(rename_all = "snake_case")]
pub enum CedarMode {
    /// It does.
    #[default]
    Enforce,
    /// It is only recorded.
    LogOnly,
}

/// What becomes of a call when policies fail to be evaluated.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum CedarOnError {
    /// It is denied if one of them forbids; one that permits is passed over.
    #[default]
    Deny,
    /// It is denied.
    DenyAny,
    /// They are passed over, as Cedar itself does, also those that forbid.
    Cedar,
}

/// What becomes of calls while a stored policy can be read no more, after an update perhaps.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum CedarQuarantine {
    /// All are denied until it is replaced or deleted.
    #[default]
    DenyAll,
    /// The same, unless it plainly is a permit: without it less is allowed, not more.
    SkipPermits,
}

impl CedarMode {
    /// The word for it on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::LogOnly => "log_only",
        }
    }
}
