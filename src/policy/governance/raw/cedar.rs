//! Cedar objects, as the store keeps them and files become them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A Cedar engine.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
pub struct RawCedarEngine {
    /// Its name, which is its id.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Its schema, in Cedar's syntax or in JSON.
    #[serde(default)]
    pub schema: Option<String>,
    /// Whether a policy is refused for any finding.
    #[serde(default)]
    pub strict: bool,
}

/// A policy of a Cedar engine. Its id is in its key.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
pub struct RawCedarPolicy {
    /// The engine's name.
    pub engine: String,
    /// What it is called, for people.
    #[serde(default)]
    pub name: Option<String>,
    /// The policy, in Cedar.
    pub definition: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Whether what it says is only recorded.
    #[serde(default)]
    pub log_only: bool,
}

/// Which Cedar engine takes part.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
pub struct RawCedarEnforcement {
    /// Its name; absent: none does.
    pub engine: Option<String>,
    /// Whether what it says is only recorded.
    pub log_only: bool,
    /// What the configuration said at that time.
    pub instead_of: RawConfigured,
}

/// What a configuration says of enforcement.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
pub struct RawConfigured {
    /// The engine.
    pub engine: Option<String>,
    /// Whether it is only recorded.
    pub log_only: bool,
}

// These forms are texts, flags and objects of them, which JSON can say: nothing is lost.

impl RawCedarEngine {
    pub(in crate::policy::governance) fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl RawCedarPolicy {
    pub(in crate::policy::governance) fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl RawCedarEnforcement {
    pub(in crate::policy::governance) fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}
