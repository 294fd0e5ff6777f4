//! How a route reads requests, and the keys that belong to one way only. Imports `model` only.

use std::collections::BTreeMap;

use crate::config::raw::{RawCall, RawMcpDenial, RawProtocol, RawRoute};
use crate::config::resolve::{Spot, resource_variables};
use crate::config::routes::operations::{self, Operation};
use crate::config::routes::route::PathPrefix;
use crate::model::call::CapabilityName;

/// Capabilities of tools whose name in lower snake case is not what is wanted; no two tools share one.
pub type ToolNames = BTreeMap<String, CapabilityName>;

/// How a route reads requests.
#[derive(Clone, Debug)]
pub enum Protocol {
    /// The Model Context Protocol over streamable HTTP.
    Mcp {
        /// Tools named by the configuration.
        tools: ToolNames,
        /// What a tool call is about, as a template over its arguments; `None`: the route's name.
        resource: Option<String>,
        /// How a denial looks.
        denial: McpDenial,
    },
    /// REST.
    Http {
        /// Whether the path prefix is cut off before forwarding.
        strip_prefix: bool,
        /// The operations; no request is two of them.
        operations: Vec<Operation>,
    },
    /// One JSON endpoint.
    ToolCall {
        /// JSON pointer of the tool's name.
        name: String,
        /// JSON pointer of its arguments.
        arguments: String,
        /// Tools named by the configuration.
        tools: ToolNames,
    },
}

/// How a denial looks on an mcp route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum McpDenial {
    /// A tool result with `isError`.
    #[default]
    ToolError,
    /// A JSON-RPC error.
    JsonrpcError,
}

pub(super) fn resolve(raw: &RawRoute, prefix: Option<&PathPrefix>, spot: &Spot<'_>) -> Option<Protocol> {
    refuse_foreign_keys(raw, spot);
    let tools = raw.tools.as_ref().map_or_else(
        || Some(ToolNames::new()),
        |tools| tool_names(tools, &raw.capability_prefix, &spot.key("tools")),
    );
    match raw.protocol {
        RawProtocol::Mcp => {
            if let Some(template) = &raw.resource {
                resource_variables(template, &spot.key("resource"));
            }
            let denial = match raw.denial.as_ref().and_then(|denial| denial.mcp) {
                None | Some(RawMcpDenial::ToolError) => McpDenial::ToolError,
                Some(RawMcpDenial::JsonrpcError) => McpDenial::JsonrpcError,
            };
            Some(Protocol::Mcp { tools: tools?, resource: raw.resource.clone(), denial })
        }
        RawProtocol::Http => {
            let operations = operations::resolve(raw, prefix, spot)?;
            Some(Protocol::Http { strip_prefix: raw.strip_prefix, operations })
        }
        RawProtocol::ToolCall => {
            let message = || "a tool_call route needs call: {name: /tool, arguments: /input}".to_owned();
            let call = spot.require(raw.call.as_ref(), message)?;
            check_call(call, &spot.key("call"));
            Some(Protocol::ToolCall {
                name: call.name.clone(),
                arguments: call.arguments.clone(),
                tools: tools?,
            })
        }
    }
}

/// A key that does nothing on this route would be believed to do something.
fn refuse_foreign_keys(raw: &RawRoute, spot: &Spot<'_>) {
    use RawProtocol::{Http, Mcp, ToolCall};
    let has_mcp_denial = raw.denial.as_ref().is_some_and(|denial| denial.mcp.is_some());
    let written: [(bool, Spot<'_>, &[RawProtocol], &str); 7] = [
        (raw.strip_prefix, spot.key("strip_prefix"), &[Http], "http"),
        (raw.operations.is_some(), spot.key("operations"), &[Http], "http"),
        (raw.openapi.is_some(), spot.key("openapi"), &[Http], "http"),
        (raw.call.is_some(), spot.key("call"), &[ToolCall], "tool_call"),
        (raw.resource.is_some(), spot.key("resource"), &[Mcp], "mcp"),
        (has_mcp_denial, spot.key("denial").key("mcp"), &[Mcp], "mcp"),
        (raw.tools.is_some(), spot.key("tools"), &[Mcp, ToolCall], "mcp and tool_call"),
    ];
    for (is_written, spot, protocols, names) in written {
        if is_written && !protocols.contains(&raw.protocol) {
            spot.refuse_key(format!("only for {names} routes"));
        }
    }
}

fn tool_names(raw: &BTreeMap<String, String>, prefix: &str, spot: &Spot<'_>) -> Option<ToolNames> {
    let mut names = ToolNames::new();
    for (tool, text) in raw {
        let spot = spot.key(tool);
        if tool.is_empty() {
            spot.refuse_key("a tool's name must not be empty");
        }
        match CapabilityName::parse(text) {
            Err(error) => spot.refuse(error.to_string()),
            Ok(name) => {
                check_owned(&name, prefix, &spot);
                if let Some((other, _)) = names.iter().find(|(_, known)| **known == name) {
                    spot.refuse(format!("the tool \"{}\" has this capability already", other.escape_debug()));
                }
                names.insert(tool.clone(), name);
            }
        }
    }
    (names.len() == raw.len()).then_some(names)
}

/// What a route makes capabilities of besides tools and operations: names below its prefix that none of them may take.
const RESERVED: [&str; 4] = ["unmapped", "tunnel", "resources.read", "prompts.get"];

/// A capability belongs to the route that serves it: were it another route's, allowing one tool would allow two.
pub(super) fn check_owned(name: &CapabilityName, prefix: &str, spot: &Spot<'_>) {
    if let Some(complaint) = owned_complaint(name, prefix) {
        spot.refuse(complaint);
    }
}

/// Why `name` is not a capability that a route with this prefix may give; `None` when it is.
pub(super) fn owned_complaint(name: &CapabilityName, prefix: &str) -> Option<String> {
    match name.as_str().strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.')) {
        None => Some(format!("not below the route's capability_prefix {}", prefix.escape_debug())),
        Some(own) if RESERVED.contains(&own) => {
            Some(format!("{name} is what the route calls something else (reserved: {})", RESERVED.join(", ")))
        }
        Some(_) => None,
    }
}

fn check_call(call: &RawCall, spot: &Spot<'_>) {
    for (key, pointer) in [("name", &call.name), ("arguments", &call.arguments)] {
        if !is_pointer(pointer) {
            spot.key(key).refuse_with("not a JSON pointer", "write it as /tool or /call/name");
        }
    }
    if call.name == call.arguments {
        spot.key("arguments").refuse("name and arguments must stand in different places");
    }
}

/// A JSON pointer (RFC 6901) to something inside the body.
fn is_pointer(text: &str) -> bool {
    let escapes_are_whole = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    text.starts_with('/') && escapes_are_whole
}
