//! Upstreams: several addresses, health, unix sockets, TLS and HTTP/2, against tools that really speak them.

mod balancing;
mod certificates;
mod health;
mod http2;
mod server;
mod sockets;
mod tls;

use crate::support::{Gateway, Setup};

const OPEN: &str = "version: 1\nrules: [{name: all, approval: auto}]\n";

/// The `routes` section with one HTTP route called `crm` to this upstream.
fn routes(upstream: &str) -> String {
    format!(
        "routes:\n- name: crm\n  match: {{path_prefix: /crm}}\n  protocol: http\n  capability_prefix: crm\n  \
         anonymous: {{id: dev, type: ai-agent}}\n  operations: [{{method: GET, path: \"/crm/{{id}}\", capability: crm.read}}]\n  \
         upstream: {{{upstream}}}\n"
    )
}

/// A gateway with such a route.
fn setup(upstream: &str) -> Setup {
    Gateway::with(&routes(upstream), OPEN)
}

fn gateway(upstream: &str) -> Gateway {
    setup(upstream).start()
}

/// What the gateway shows of an address of the route.
fn shown(gateway: &Gateway, address: &str) -> Option<bool> {
    let key = gateway.admin_key();
    let text = gateway.control_client().request("GET", "/metrics", &[("X-Api-Key", &key)], b"").text();
    let name = format!("aegis_upstream_healthy{{address=\"{address}\",route=\"crm\"}} ");
    text.lines().find_map(|line| line.strip_prefix(&name)).map(|value| value == "1")
}
