//! `telemetry`: logs and metrics. Imports nothing of ours.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Logs and metrics.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Telemetry")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawTelemetry {
    /// A listener that serves /health, /healthz, /readyz and /metrics to anyone, without a key. Absent: none.
    pub(crate) listen: Option<String>,
    /// What is logged: error, warn, info, debug, trace, or directives such as info,aegis_gateway::proxy=debug.
    /// Default info.
    #[schemars(length(min = 1))]
    pub(crate) log: String,
    /// How a log line looks. Default text.
    pub(crate) log_format: RawLogFormat,
    /// Whether each request on the data plane leaves a line in the log: who called what by which route, and what came of it;
    /// never arguments, paths or queries. Default true.
    pub(crate) access_log: bool,
}

impl Default for RawTelemetry {
    fn default() -> Self {
        Self { listen: None, log: "info".to_owned(), log_format: RawLogFormat::Text, access_log: true }
    }
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "LogFormat")]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawLogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}
