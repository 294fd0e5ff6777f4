//! A route, ready to serve: which requests it takes, how they are read, where they go.

use std::sync::Arc;
use std::time::Duration;

use crate::config::{McpDenial, Mode};
use crate::decision::Upstream;
use crate::extract::{McpExtractor, OperationsExtractor, ToolCallExtractor};
use crate::model::call::Principal;
use crate::model::json::{NormalPath, PathAllowance};
use crate::model::pointer::Pointer;
use crate::model::slots::Slots;
use crate::telemetry::RouteCounters;

/// One route. The first that matches serves a request.
#[derive(Clone, Debug)]
pub struct Route {
    /// Its name, in records and metrics.
    pub name: Arc<str>,
    /// Which requests it takes.
    pub matches: RouteMatch,
    /// Whether the prefix is cut off before forwarding (HTTP routes).
    pub strip_prefix: bool,
    /// Ambiguous path forms it lets through.
    pub allow_paths: PathAllowance,
    /// How requests are read.
    pub protocol: Protocol,
    /// Where they go.
    pub upstream: Upstream,
    /// Where its tool runs, such as `production`; no request can say otherwise. `None` = as requests say.
    pub environment: Option<Arc<str>>,
    /// What a refusal does.
    pub mode: Mode,
    /// Who calls without credentials; `None` = credentials are required.
    pub anonymous: Option<Principal>,
    /// How an MCP refusal is said.
    pub mcp_denial: McpDenial,
    /// Whom to ask, told with every refusal.
    pub help: Option<Arc<str>>,
    /// Whether the caller's credentials go on to the tool.
    pub forward_credentials: bool,
    /// What may come back.
    pub response: ResponseRules,
    /// How long a held call waits within its request.
    pub hold: HoldWait,
    /// Places for its requests under way.
    pub slots: Slots,
    /// Where the gateway keeps the counters of its requests.
    pub counters: RouteCounters,
}

/// What may come back from a route's tool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseRules {
    /// Longest answer, in bytes; of a stream, all of it together. `None` = any.
    pub max_bytes: Option<u64>,
    /// Values that are hidden; shared with the plan of every call.
    pub redact: Arc<[Pointer]>,
}

/// How long a held call waits within its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldWait {
    /// Unless the caller asks for another time; at most `max_wait`, zero = not at all.
    pub wait: Duration,
    /// The most a caller may ask for; 0 to 300 s.
    pub max_wait: Duration,
}

impl Default for HoldWait {
    /// What holds where the configuration says nothing of it.
    fn default() -> Self {
        Self { wait: Duration::from_secs(4), max_wait: Duration::from_secs(60) }
    }
}

/// Which requests a route takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteMatch {
    /// `Host` without its port, lower case; `None` = any.
    pub host: Option<String>,
    /// Decoded segments of the path prefix.
    pub prefix: Vec<String>,
}

/// How a route's requests are read.
#[derive(Clone, Debug)]
pub enum Protocol {
    /// MCP streamable HTTP.
    Mcp(McpExtractor),
    /// REST operations.
    Http(OperationsExtractor),
    /// One JSON endpoint for tool calls.
    ToolCall(ToolCallExtractor),
}

impl Protocol {
    /// The protocol's name, as the configuration has it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Mcp(_) => "mcp",
            Self::Http(_) => "http",
            Self::ToolCall(_) => "tool_call",
        }
    }
}

impl Route {
    /// Whether the route takes a request for `host` (without port, lower case) and `path`.
    #[must_use]
    pub fn takes(&self, host: &str, path: &NormalPath<'_>) -> bool {
        self.matches.host.as_deref().is_none_or(|wanted| wanted == host)
            && path.is_under(&self.matches.prefix)
    }

    /// Whether refusals take JSON-RPC forms.
    #[must_use]
    pub const fn is_mcp(&self) -> bool {
        matches!(self.protocol, Protocol::Mcp(_))
    }
}
