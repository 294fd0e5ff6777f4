//! The settings that targets are started with. Start reading at `gateway`.

use std::net::SocketAddr;
use std::path::Path;

use crate::shape::MAX_BODY_BYTES;
use crate::targets::Kind;
use crate::workload::{HELD_PATH, HTTP_PATH, MCP_PATH, TOOL};

/// The gateway's settings: an MCP route and an HTTP route, room for the longest body, everything else at its default.
pub(super) fn gateway(kind: Kind, dir: &Path, upstream: SocketAddr, access_log: bool) -> String {
    // Debug form: a YAML double-quoted string with its escapes.
    let (data, rules) = (dir.join("data"), dir.join("rules.yaml"));
    let durability = kind.durability();
    let (keys, held) = if kind.may_hold() { (keys(), held_route(upstream)) } else { Default::default() };
    format!(
        r#"version: 1
data_dir: {data:?}
control: {{listen: "127.0.0.1:0"{keys}}}
gateway: {{listen: [{{address: "127.0.0.1:0", http2: true}}], max_body_bytes: {MAX_BODY_BYTES}}}
routes:
  - name: bench
    match: {{path_prefix: {MCP_PATH}}}
    protocol: mcp
    capability_prefix: docs
    upstream: {{addresses: ["{upstream}"], path: {MCP_PATH}}}
    anonymous: {{id: bench-agent, type: ai-agent}}
  - name: bench-http
    match: {{path_prefix: {HTTP_PATH}}}
    protocol: http
    capability_prefix: library
    operations: [{{method: POST, path: {HTTP_PATH}, capability: library.{TOOL}}}]
    upstream: {{addresses: ["{upstream}"]}}
    anonymous: {{id: bench-agent, type: ai-agent}}
{held}policy: {{rules: {rules:?}, default: deny}}
audit: {{durability: {durability}, segment_bytes: {SEGMENT_BYTES}}}
telemetry: {{log: warn, access_log: {access_log}}}
"#
    )
}

/// Who asks for approval, and who approves: the texts of their keys, each with its SHA-256.
pub(crate) const CALLER: (&str, &str) =
    ("bench-caller-key-0123456789abcdef", "0fc05a9f360d98bde0d0349606984653254c763afc4a484e2141102df56273ec");
pub(crate) const APPROVER: (&str, &str) = (
    "bench-approver-key-0123456789abcdef",
    "530eaf57009e6f401da3c95157a6ae3aeb63074be93c49546d44b72965151d7b",
);

fn keys() -> String {
    format!(
        ", keys: [{{id: caller, hash: \"sha256:{}\"}}, {{id: approver, hash: \"sha256:{}\", scopes: \
         [\"holds:approve\", \"governance:read\"]}}]",
        CALLER.1, APPROVER.1
    )
}

/// A route whose calls wait for a person as long as a route may let them, and room for as many as one actor makes.
fn held_route(upstream: SocketAddr) -> String {
    format!(
        r#"  - name: bench-held
    match: {{path_prefix: {HELD_PATH}}}
    protocol: mcp
    capability_prefix: held
    hold: {{wait_ms: 300000}}
    upstream: {{addresses: ["{upstream}"], path: {MCP_PATH}}}
holds: {{max_pending_per_actor: 1000000}}
"#
    )
}

/// The default; it holds two records of the longest body, as the gateway asks for.
const SEGMENT_BYTES: usize = 64 * 1024 * 1024;
const _: () = assert!(SEGMENT_BYTES >= 2 * MAX_BODY_BYTES);

/// Eleven rules; those that allow are the last, after wildcards that an index cannot skip. One more where calls are held.
pub(super) fn rules(kind: Kind) -> String {
    let blocked = [
        "docs.delete_*",
        "docs.write_*",
        "docs.send_email",
        "docs.share_*",
        "files.*",
        "crm.contacts.delete",
        "*.drop_table",
        "*_admin",
        "infrastructure.deploy",
    ];
    let mut text = "version: \"1\"\ndefaults: {risk_level: medium, approval: block}\nrules:\n".to_owned();
    for (index, pattern) in blocked.iter().enumerate() {
        text.push_str(&format!(
            "  - {{name: block_{index}, match: {{type: \"{pattern}\"}}, risk_level: high, approval: block}}\n"
        ));
    }
    for prefix in ["docs", "library"] {
        text.push_str(&format!(
            "  - {{name: allow_{prefix}, match: {{type: \"{prefix}.{TOOL}\"}}, risk_level: low, approval: auto}}\n"
        ));
    }
    if kind.may_hold() {
        text.push_str("  - {name: ask, match: {type: \"held.*\"}, risk_level: high, approval: approve}\n");
    }
    text
}

/// nginx's settings: a plain reverse proxy.
pub(super) fn nginx(dir: &Path, listen: SocketAddr, upstream: SocketAddr) -> String {
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("  {name}_temp_path {};\n", dir.join(name).display()))
        .collect();
    format!(
        "daemon off;\nworker_processes auto;\npid {};\nerror_log stderr;\n\
         events {{ worker_connections 4096; }}\n\
         http {{\n{temporary}  access_log off;\n  keepalive_requests 1000000000;\n  client_max_body_size 0;\n\
         \x20 client_body_buffer_size 2m;\n\
         \x20 upstream tool {{ server {upstream}; keepalive 128; keepalive_requests 1000000000; keepalive_timeout 4s; }}\n\
         \x20 server {{\n    listen {listen} backlog=4096;\n    location / {{\n      proxy_pass http://tool;\n\
         \x20     proxy_http_version 1.1;\n      proxy_set_header Connection \"\";\n    }}\n  }}\n}}\n",
        dir.join("nginx.pid").display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_rules_block_and_each_route_has_one_that_allows() {
        let text = rules(Kind::Process);
        assert_eq!(text.matches("approval: block}").count(), 10, "nine rules and the default");
        assert_eq!(text.matches("approval: auto").count(), 2);
        assert_eq!(rules(Kind::Held).matches("approval: approve").count(), 1);
    }

    #[test]
    fn the_access_log_is_what_was_asked_for() {
        let upstream = ([127, 0, 0, 1], 1).into();
        for wanted in [true, false] {
            let text = gateway(Kind::Disk, Path::new("data"), upstream, wanted);
            assert!(text.contains(&format!("access_log: {wanted}")) && text.contains("durability: disk"));
        }
    }
}
