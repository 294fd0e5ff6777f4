//! `routes[].upstream`: where allowed calls go. Imports nothing of ours.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::raw::RawSecret;

/// Where allowed calls go.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Upstream")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawUpstream {
    /// The tool server as host:port, or unix: and the path of a unix socket. Calls are spread over several.
    #[schemars(length(min = 1, max = 64))]
    pub(crate) addresses: Vec<String>,
    /// mcp and tool_call: the path calls are sent to. Default /.
    #[serde(default)]
    pub(crate) path: Option<String>,
    /// The Host header calls are sent with. Default the client's.
    #[serde(default)]
    pub(crate) host: Option<String>,
    /// true: TLS, the tool verified with the certificate authorities of the system; a mapping: TLS with settings of its own.
    /// Default none, which is without TLS.
    #[serde(default)]
    pub(crate) tls: Option<RawUpstreamTls>,
    /// Whether to speak HTTP/2: with TLS if the tool can, without TLS at once (h2c). Default false.
    #[serde(default)]
    pub(crate) http2: bool,
    /// Which of several addresses takes a call. Default round_robin.
    #[serde(default)]
    pub(crate) balance: RawBalance,
    /// Checks that every address is asked for regularly. Default none.
    #[serde(default)]
    pub(crate) health: Option<RawHealth>,
    /// How long a connection may take to open, TLS included, in milliseconds. Default 2000.
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

/// TLS to the tool: true or false, or settings.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "UpstreamTls")]
#[serde(untagged)]
pub(crate) enum RawUpstreamTls {
    /// With everything at its default, or none at all.
    Switch(bool),
    /// With settings.
    Settings(RawUpstreamTlsSettings),
}

/// How the tool is verified, and what the gateway shows it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(rename = "UpstreamTlsSettings")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawUpstreamTlsSettings {
    /// PEM file with the certificate authorities that are believed, instead of those of the system.
    #[schemars(length(min = 1))]
    pub(crate) ca: Option<String>,
    /// The name that must be in the tool's certificate. Default the host of the address; required for unix sockets.
    #[schemars(length(min = 1, max = 253))]
    pub(crate) server_name: Option<String>,
    /// PEM file with the gateway's own certificate, followed by those between it and the authority.
    #[schemars(length(min = 1))]
    pub(crate) client_cert: Option<String>,
    /// PEM file with the private key of client_cert, not encrypted.
    #[schemars(length(min = 1))]
    pub(crate) client_key: Option<String>,
}

/// Which of several addresses takes a call.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "Balance")]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawBalance {
    /// One after the other.
    #[default]
    RoundRobin,
    /// The one with the fewest calls under way.
    LeastLoaded,
}

/// How the addresses are checked.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Health")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawHealth {
    /// A path that is asked for with GET; an answer of 200 to 399 is a good one. Default none: connecting is enough.
    #[schemars(length(min = 1, max = 1024))]
    pub(crate) path: Option<String>,
    /// Time between two checks of an address, in milliseconds. Default 5000.
    #[schemars(range(min = 100, max = 86_400_000))]
    pub(crate) interval_ms: u64,
    /// How long a check may take, in milliseconds. Default 2000.
    #[schemars(range(min = 1, max = 86_400_000))]
    pub(crate) timeout_ms: u64,
    /// So many good checks in a row bring an address back. Default 1.
    #[schemars(range(min = 1, max = 100))]
    pub(crate) healthy_after: u32,
    /// So many bad checks in a row take an address out. Default 2.
    #[schemars(range(min = 1, max = 100))]
    pub(crate) unhealthy_after: u32,
}

impl Default for RawHealth {
    fn default() -> Self {
        Self { path: None, interval_ms: 5_000, timeout_ms: 2_000, healthy_after: 1, unhealthy_after: 2 }
    }
}

const fn connect_ms() -> u64 {
    2_000
}

const fn read_ms() -> u64 {
    60_000
}
