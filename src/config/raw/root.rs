//! The whole file, and its JSON Schema. Imports nothing of ours but the sections.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::raw::{
    RawAudit, RawControl, RawExecutor, RawGateway, RawHolds, RawPolicy, RawRoute, RawStore, RawTelemetry,
};

/// The configuration of an Aegis gateway (`gateway.yaml`).
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Config")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawConfig {
    /// The format's version: 1.
    #[schemars(range(min = 1, max = 1))]
    #[serde(default = "format_version")]
    #[expect(dead_code, reason = "there is one version, and the schema admits no other")]
    pub(crate) version: u32,
    /// Where this gateway stands in the life of what it guards; shown by /health. Default unknown.
    #[serde(default)]
    pub(crate) stage: RawStage,
    /// Folder for the ledger and the first admin key, made with mode 0700. Relative to this file. Default aegis-data.
    #[schemars(length(min = 1))]
    #[serde(default = "data_dir")]
    pub(crate) data_dir: String,
    /// The control listener: APIs for operators and for agents that ask before they act.
    #[serde(default)]
    pub(crate) control: Option<RawControl>,
    /// The data plane's listeners and limits.
    #[serde(default)]
    pub(crate) gateway: Option<RawGateway>,
    /// The tools behind this gateway. The first route that matches a request takes it; no match is 404.
    #[schemars(with = "Option<Vec<RawRoute>>")]
    #[serde(default)]
    pub(crate) routes: Option<Vec<Option<RawRoute>>>,
    /// What decides.
    #[serde(default)]
    pub(crate) policy: Option<RawPolicy>,
    /// What runs the actions of POST /api/v1/execute.
    #[serde(default)]
    pub(crate) executor: Option<RawExecutor>,
    /// Calls that wait for a person.
    #[serde(default)]
    pub(crate) holds: Option<RawHolds>,
    /// The ledger.
    #[serde(default)]
    pub(crate) audit: Option<RawAudit>,
    /// Where holds are kept. Default a file in data_dir.
    #[serde(default)]
    #[expect(dead_code, reason = "there is one kind of store, without settings")]
    pub(crate) store: Option<RawStore>,
    /// Logs and metrics.
    #[serde(default)]
    pub(crate) telemetry: Option<RawTelemetry>,
}

/// Where this gateway stands in the life of what it guards.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "Stage")]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawStage {
    /// Development.
    Dev,
    /// Staging.
    Staging,
    /// Production.
    Prod,
    /// Not told.
    #[default]
    Unknown,
}

const fn format_version() -> u32 {
    1
}

fn data_dir() -> String {
    "aegis-data".to_owned()
}

/// The JSON Schema (draft 2020-12) of the configuration file, with descriptions and defaults: `aegis schema config`.
pub fn schema() -> Value {
    let schema: Schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<RawConfig>();
    schema.to_value()
}
