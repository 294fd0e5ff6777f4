//! Routes of a test's configuration, with only what differs written out.

use std::net::SocketAddr;

/// Operations for an `http` route called `crm`.
const CONTACTS: &str = "operations: [\
    {method: GET, path: \"/crm/contacts/{id}\", capability: crm.contacts.read, resource: \"contact:{id}\"}, \
    {method: HEAD, path: \"/crm/contacts/{id}\", capability: crm.contacts.read}, \
    {method: PUT, path: \"/crm/contacts/{id}\", capability: crm.contacts.update}, \
    {method: DELETE, path: \"/crm/contacts/{id}\", capability: crm.contacts.delete, resource: \"contact:{id}\"}, \
    {method: POST, path: \"/crm/contacts\", capability: crm.contacts.create}]";

/// A route under `/<name>` with `<name>` before its capabilities and an anonymous caller `dev`.
#[derive(Clone, Debug)]
pub struct Route {
    name: &'static str,
    protocol: &'static str,
    tool: SocketAddr,
    upstream: String,
    anonymous: bool,
    more: String,
}

impl Route {
    /// An MCP route; the tool serves it at `/tool`.
    pub fn mcp(name: &'static str, tool: SocketAddr) -> Self {
        Self::new(name, "mcp", tool).upstream("path: /tool")
    }

    /// An HTTP route called `crm` with [`CONTACTS`].
    pub fn crm(tool: SocketAddr) -> Self {
        Self::new("crm", "http", tool).with(CONTACTS)
    }

    /// A tool-call route with the name at `/tool` and the arguments at `/input`; the tool serves it at `/tool`.
    pub fn tool_call(name: &'static str, tool: SocketAddr) -> Self {
        Self::new(name, "tool_call", tool)
            .upstream("path: /tool")
            .with("call: {name: /tool, arguments: /input}")
    }

    fn new(name: &'static str, protocol: &'static str, tool: SocketAddr) -> Self {
        Self { name, protocol, tool, upstream: String::new(), anonymous: true, more: String::new() }
    }

    /// Adds a line to the route.
    pub fn with(mut self, line: &str) -> Self {
        self.more.push_str(&format!("  {line}\n"));
        self
    }

    /// Adds to its `upstream`, such as `read_ms: 50`.
    pub fn upstream(mut self, more: &str) -> Self {
        self.upstream.push_str(&format!(", {more}"));
        self
    }

    /// Without an anonymous caller.
    pub fn closed(mut self) -> Self {
        self.anonymous = false;
        self
    }

    /// The `routes` section of a configuration with these routes, in order.
    pub fn section(routes: &[Self]) -> String {
        routes.iter().fold("routes:\n".to_owned(), |section, route| section + &route.text())
    }

    fn text(&self) -> String {
        let Self { name, protocol, tool, upstream, more, .. } = self;
        // A test may match otherwise than by the name.
        let matches = if more.contains("match:") {
            String::new()
        } else {
            format!("  match: {{path_prefix: /{name}}}\n")
        };
        // Unless a test is about waiting, nobody waits.
        let hold = if more.contains("hold:") { "" } else { "  hold: {wait_ms: 0}\n" };
        let anonymous = if self.anonymous { "  anonymous: {id: dev, type: ai-agent}\n" } else { "" };
        format!(
            "- name: {name}\n  protocol: {protocol}\n  capability_prefix: {name}\n  \
             upstream: {{addresses: [\"{tool}\"]{upstream}}}\n{matches}{anonymous}{hold}{more}"
        )
    }
}
