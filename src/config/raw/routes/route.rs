//! `routes[]`: which requests go to which tool, and how they are read. Imports nothing of ours.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::raw::{RawActor, RawUpstream};

/// A tool server behind the gateway.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Route")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRoute {
    /// Names the route in records and metrics: letters, digits, _ and -.
    #[schemars(length(min = 1, max = 64))]
    pub(crate) name: String,
    /// Which requests the route takes.
    #[serde(rename = "match")]
    pub(crate) matches: RawMatch,
    /// http only: whether path_prefix is cut off before forwarding. Default false.
    #[serde(default)]
    pub(crate) strip_prefix: bool,
    /// The tenant of the anonymous actor. Default "default".
    #[schemars(length(min = 1, max = 128))]
    #[serde(default = "tenant")]
    pub(crate) tenant: String,
    /// Where the tool runs, for the risk score and conditions of policies: production, or another name of lower-case letters,
    /// digits, _ and -. No request can say otherwise. Default as requests say.
    #[schemars(length(min = 1, max = 64))]
    #[serde(default)]
    pub(crate) environment: Option<String>,
    /// Ambiguous forms of paths that are let through; the tool must read them as the gateway does. Default none.
    #[serde(default)]
    pub(crate) allow_paths: Vec<RawAllowPath>,
    /// How requests are read.
    pub(crate) protocol: RawProtocol,
    /// Put before the names of the route's tools to make capabilities: files and read_file give files.read_file.
    #[schemars(length(min = 1, max = 120))]
    pub(crate) capability_prefix: String,
    /// Where allowed calls go.
    pub(crate) upstream: RawUpstream,
    /// How many requests of the route may be under way at once; one more is refused with 503. Default 1024.
    #[schemars(range(min = 1, max = 1_000_000))]
    #[serde(default = "max_concurrent")]
    pub(crate) max_concurrent: usize,
    /// Whether decisions take effect. Default enforce.
    #[serde(default)]
    pub(crate) mode: RawMode,
    /// The actor of requests without credentials. Absent: credentials are required.
    #[serde(default)]
    pub(crate) anonymous: Option<RawActor>,
    /// How long a call that needs a person's approval waits within its request.
    #[serde(default)]
    pub(crate) hold: Option<RawHold>,
    /// How denials look.
    #[serde(default)]
    pub(crate) denial: Option<RawDenial>,
    /// mcp only: what a tool call is about, such as "{arguments.path}". Default the route's name.
    #[serde(default)]
    pub(crate) resource: Option<String>,
    /// tool_call only, and required there: where a call stands in the body.
    #[serde(default)]
    pub(crate) call: Option<RawCall>,
    /// mcp and tool_call: capabilities of tools whose name in lower snake case is not what is wanted.
    #[serde(default)]
    pub(crate) tools: Option<BTreeMap<String, String>>,
    /// http only: the operations of the service; required there unless openapi is written. A request that is none of them
    /// has the capability <capability_prefix>.unmapped.
    #[serde(default)]
    pub(crate) operations: Option<Vec<RawOperation>>,
    /// http only: an OpenAPI document (3.0 or 3.1, YAML or JSON) whose operations are those of the service too, relative to
    /// the folder of this file. Its operationId makes the capability. What operations has for a method and path goes before.
    #[schemars(length(min = 1))]
    #[serde(default)]
    pub(crate) openapi: Option<String>,
    /// Whether the credential that identified the caller is forwarded too. Default false.
    #[serde(default)]
    pub(crate) forward_credentials: bool,
    /// What may come back.
    #[serde(default)]
    pub(crate) response: Option<RawResponse>,
}

const fn max_concurrent() -> usize {
    1024
}

fn tenant() -> String {
    "default".to_owned()
}

/// Which requests a route takes: all conditions must hold.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Match")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawMatch {
    /// The Host header without its port. Absent: any.
    #[serde(default)]
    pub(crate) host: Option<String>,
    /// The path or the first segments of it: /crm takes /crm and /crm/x, not /crmx.
    pub(crate) path_prefix: String,
}

/// A form of path that servers read in different ways.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "AllowPath")]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawAllowPath {
    /// `;` in a path.
    Semicolon,
    /// `%2F` in a path.
    EncodedSlash,
}

/// How requests are read.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[schemars(rename = "Protocol")]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawProtocol {
    /// The Model Context Protocol over streamable HTTP.
    Mcp,
    /// REST: method and path name the operation.
    Http,
    /// One endpoint that takes a tool's name and arguments as JSON.
    ToolCall,
}

/// Whether decisions take effect.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "Mode")]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawMode {
    /// They do.
    #[default]
    Enforce,
    /// Decided and recorded, but forwarded all the same.
    Shadow,
    /// Recorded without a decision.
    Off,
}

/// How long a held call waits within its request, in milliseconds, before it is answered that it is held.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(rename = "Hold")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawHold {
    /// Unless the caller asks for another time; 0: not at all. Default 4000, or max_wait_ms where that is less.
    #[schemars(range(max = 300_000))]
    pub(crate) wait_ms: Option<u64>,
    /// The most a caller may ask for with "Prefer: wait=N" (N in seconds). Default 60000, or wait_ms where that is more.
    #[schemars(range(max = 300_000))]
    pub(crate) max_wait_ms: Option<u64>,
}

/// How denials look.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(rename = "Denial")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawDenial {
    /// mcp only: as a tool's error result, which models read, or as a JSON-RPC error. Default tool_error.
    pub(crate) mcp: Option<RawMcpDenial>,
    /// Where the caller finds help; shown with every denial.
    #[schemars(length(min = 1, max = 300))]
    pub(crate) help: Option<String>,
}

/// How a denial looks on an mcp route.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "McpDenial")]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawMcpDenial {
    /// A result with isError: the model reads the reason.
    ToolError,
    /// A JSON-RPC error: the client reads it.
    JsonrpcError,
}

/// What may come back. An answer that this cannot be applied to does not pass.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(rename = "Response")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawResponse {
    /// Longest answer, in bytes; of a stream, all of it together. Default any.
    #[schemars(range(min = 1))]
    pub(crate) max_bytes: Option<u64>,
    /// JSON pointers to values that are replaced by "[REDACTED]", such as /customer/ssn; * as a whole step stands for every
    /// element or member. On mcp routes they start at a message's result, else at the body. Default none.
    pub(crate) redact: Vec<String>,
}

/// Where a call stands in the body, as JSON pointers.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Call")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCall {
    /// The tool's name, such as /tool.
    pub(crate) name: String,
    /// The tool's arguments, such as /input.
    pub(crate) arguments: String,
}

/// An operation of a REST service.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Operation")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawOperation {
    /// HTTP method in capitals.
    #[schemars(length(min = 1, max = 32))]
    pub(crate) method: String,
    /// The path as the client sends it, with variables in braces: "/crm/contacts/{id}".
    pub(crate) path: String,
    /// What the operation is called in policies.
    pub(crate) capability: String,
    /// What it is about, with variables of the path: "contact:{id}". Default the path itself.
    #[serde(default)]
    pub(crate) resource: Option<String>,
}
