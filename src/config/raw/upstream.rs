//! `routes[].upstream`: where allowed calls go. Imports nothing of ours.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::raw::RawSecret;

/// Where allowed calls go.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Upstream")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawUpstream {
    /// The tool server as host:port; exactly one in this version.
    #[schemars(length(min = 1))]
    pub(crate) addresses: Vec<String>,
    /// mcp and tool_call: the path calls are sent to. Default /.
    #[serde(default)]
    pub(crate) path: Option<String>,
    /// The Host header calls are sent with. Default the client's.
    #[serde(default)]
    pub(crate) host: Option<String>,
    /// How long a connection may take to open, in milliseconds. Default 2000.
    #[schemars(range(min = 1, max = 86_400_000))]
    #[serde(default = "connect_ms")]
    pub(crate) connect_ms: u64,
    /// How long the tool may take to begin its answer, in milliseconds. Default 60000.
    #[schemars(range(min = 1, max = 86_400_000))]
    #[serde(default = "read_ms")]
    pub(crate) read_ms: u64,
    /// Headers set on every call, such as the credential the tool wants. They replace the client's.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, RawSecret>,
}

const fn connect_ms() -> u64 {
    2_000
}

const fn read_ms() -> u64 {
    60_000
}
