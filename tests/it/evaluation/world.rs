//! A gateway, and keys of two tenants.

use serde_json::Value;

use crate::governance::is_described;
use crate::support::{Answer, Gateway, key_hash};

pub const BOT: &str = "the-bot-key-0123456789abcdef";
pub const READER: &str = "the-reader-key-0123456789abcdef";
pub const OTHER: &str = "the-other-key-0123456789abcdef";

pub fn start(more: &str) -> Gateway {
    configured("policy: {default: deny}", more)
}

/// With this policy, and more keys of the section `control`.
pub fn configured(policy: &str, more: &str) -> Gateway {
    let config = format!(
        "version: 1\ndata_dir: data\naudit: {{durability: process}}\n{policy}\n\
         gateway: {{listen: [{{address: \"127.0.0.1:0\"}}]}}\ncontrol:\n  listen: 127.0.0.1:0\n  keys:\n\
         \x20 - {{id: bot, hash: \"{}\", tenant: acme, scopes: [\"governance:propose\"], actor: {{id: agent-1}}}}\n\
         \x20 - {{id: reader, hash: \"{}\", tenant: acme, scopes: [\"audit:read\"]}}\n\
         \x20 - {{id: other, hash: \"{}\", tenant: other, scopes: [admin]}}\n{more}",
        key_hash(BOT),
        key_hash(READER),
        key_hash(OTHER)
    );
    Gateway::configured(&config).start()
}

/// Sends a body with a key, and holds the answer against the description of the listener.
pub fn post(gateway: &Gateway, path: &str, key: &str, body: &str) -> Answer {
    let headers = [("X-Api-Key", key), ("Content-Type", "application/json")];
    let answer = gateway.control_client().request("POST", path, &headers, body.as_bytes());
    is_described("POST", path, &answer);
    has_headers(&answer, if answer.status == 403 { None } else { Some("acme") });
    answer
}

/// What every answer of these paths carries. `None`: whose it is, is not looked at.
pub fn has_headers(answer: &Answer, tenant: Option<&str>) {
    assert_eq!(answer.header("x-aegis-version"), Some(env!("CARGO_PKG_VERSION")));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("Content-Type,X-Api-Key"));
    assert_eq!(answer.header("access-control-allow-methods"), Some("POST,GET,OPTIONS"));
    assert!(answer.header("x-aegis-request-id").is_some_and(|id| !id.is_empty()));
    if let Some(tenant) = tenant {
        assert_eq!(answer.header("x-aegis-tenant"), Some(tenant));
    }
}

/// What is read with a key.
pub fn get(gateway: &Gateway, path: &str, key: &str) -> Value {
    gateway.control_client().request("GET", path, &[("X-Api-Key", key)], b"").json()
}
