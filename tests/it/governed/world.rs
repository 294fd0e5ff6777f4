//! A gateway that is governed by API: capabilities, policies and grants are required, and nothing is written in files.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};

use crate::support::{Answer, Gateway, Route, Tool, key_hash};

pub const AGENT: &str = "text-of-the-agents-key";
pub const OTHER: &str = "text-of-another-agents-key";
pub const ADMIN: &str = "text-of-the-administrators-key";
pub const OPS: &str = "text-of-the-operators-key";
pub const RISK: &str = "text-of-the-risk-leads-key";
pub const SECURITY: &str = "text-of-the-security-leads-key";
/// An agent of another tenant.
pub const STRANGER: &str = "text-of-the-strangers-key";
/// Administers the other tenant.
pub const STRANGE_ADMIN: &str = "text-of-the-strangers-administrators-key";

/// A capability that is asked for.
pub const DEPLOY: &str = "infrastructure.deploy";

/// The section `policy` unless a world says otherwise.
pub const REQUIRED: &str = "{capabilities: required, grants: required}";

#[derive(Debug)]
pub struct World {
    pub tool: Tool,
    pub gateway: Gateway,
}

impl World {
    pub fn start() -> Self {
        Self::with(REQUIRED)
    }

    /// A world whose section `policy` is `policy`.
    pub fn with(policy: &str) -> Self {
        Self::with_rules(policy, "version: 1\n")
    }

    /// The same with what `rules.yaml` says, where `policy` names that.
    pub fn with_rules(policy: &str, rules: &str) -> Self {
        Self::built(policy, rules, &keys(), "mode: enforce")
    }

    /// A world in which `bot-0`, `bot-1` and so on call too, each with the key [`bot`] says.
    pub fn with_bots(policy: &str, count: usize) -> Self {
        let more = |number: usize| {
            let actor = format!("scopes: [\"governance:propose\"], actor: {{id: bot-{number}}}");
            key_line(&format!("bot_{number}"), &bot(number), &actor)
        };
        let keys = format!("{}{}", keys(), (0..count).map(more).collect::<String>());
        Self::built(policy, "version: 1\n", &keys, "mode: enforce")
    }

    /// A world in which nothing is refused on the route `crm`.
    pub fn in_shadow(policy: &str) -> Self {
        Self::built(policy, "version: 1\n", &keys(), "mode: shadow")
    }

    fn built(policy: &str, rules: &str, keys: &str, mode: &str) -> Self {
        let tool = Tool::start();
        let route =
            Route::crm(tool.address).with("hold: {wait_ms: 0, max_wait_ms: 60000}").with(mode).closed();
        let production = Route::tool_call("prod", tool.address)
            .with("hold: {wait_ms: 0, max_wait_ms: 60000}")
            .with("environment: production")
            .closed();
        let routes = Route::section(&[route, production]);
        let config = format!(
            "version: 1\ndata_dir: data\ncontrol:\n  listen: 127.0.0.1:0\n  keys:\n{keys}\
             gateway: {{listen: [{{address: \"127.0.0.1:0\"}}]}}\ntelemetry: {{log: info}}\n\
             audit: {{durability: process, segment_bytes: 4194304}}\npolicy: {policy}\n{routes}"
        );
        let gateway = Gateway::configured(&config).file("rules.yaml", rules).start();
        Self { tool, gateway }
    }

    /// Asks the control API.
    pub fn ask(&self, key: &str, method: &str, path: &str, body: &Value) -> Answer {
        let sends = matches!(method, "POST" | "PUT");
        let body = if sends { body.to_string().into_bytes() } else { Vec::new() };
        let headers = [("Authorization", &*format!("Bearer {key}")), ("Content-Type", "application/json")];
        self.gateway.control_client().request(method, path, &headers, &body)
    }

    pub fn get(&self, key: &str, path: &str) -> Value {
        let answer = self.ask(key, "GET", path, &Value::Null);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    /// Registers, creates or grants something as the administrator.
    pub fn make(&self, path: &str, body: &Value) -> Value {
        let answer = self.ask(ADMIN, "POST", path, body);
        assert_eq!(answer.status, 201, "{path}: {}", answer.text());
        answer.json()
    }

    pub fn register(&self, name: &str, risk_level: &str) -> Value {
        self.make("/api/v1/capabilities", &json!({"name": name, "risk_level": risk_level}))
    }

    pub fn policy(&self, name: &str, rules: &Value) -> Value {
        self.make("/api/v1/policies", &json!({"name": name, "rules": rules}))
    }

    pub fn grant(&self, actor: &str, capability: &str, constraints: &Value) -> Value {
        let body = json!({"capability": capability, "constraints": constraints});
        self.make(&format!("/api/v1/actors/{actor}/grants"), &body)
    }

    pub fn propose_raw(&self, key: &str, body: &Value) -> Answer {
        self.ask(key, "POST", "/api/v1/governance/propose", body)
    }

    /// A proposal of `agent-1`; its answer must be a decision.
    pub fn propose(&self, capability: &str, parameters: &Value) -> Value {
        self.decided(&proposal(capability, parameters))
    }

    /// The same with the token of a hold.
    pub fn confirm(&self, capability: &str, parameters: &Value, token: &Value) -> Value {
        let mut body = proposal(capability, parameters);
        body["confirmation_token"] = token.clone();
        self.decided(&body)
    }

    fn decided(&self, body: &Value) -> Value {
        let answer = self.propose_raw(AGENT, body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    pub fn approve(&self, key: &str, hold: &Value) -> Answer {
        let path = format!("/api/v1/holds/{}/approve", hold.as_str().unwrap());
        self.ask(key, "POST", &path, &json!({}))
    }

    /// A tool call of `agent-1` through the data plane.
    pub fn call(&self, method: &str, path: &str) -> Answer {
        let body: &[u8] = if method == "POST" { b"{\"name\":\"ada\"}" } else { b"" };
        let headers = [("X-Api-Key", AGENT), ("Content-Type", "application/json")];
        self.gateway.client().request(method, path, &headers, body)
    }

    /// The gateway ends by `signal` and another one starts in its place.
    pub fn restart(&mut self, signal: &str) {
        self.gateway.signal(signal);
        self.gateway.wait();
        self.gateway = self.gateway.restart();
    }
}

pub fn proposal(capability: &str, parameters: &Value) -> Value {
    json!({
        "actor": {"id": "agent-1", "type": "ai-agent"},
        "action": {"capability": capability, "parameters": parameters},
    })
}

/// A world in which `agent-1` may ask for [`DEPLOY`], and a person has to agree.
pub fn asking() -> World {
    let world = World::start();
    world.register(DEPLOY, "high");
    world.grant("agent-1", DEPLOY, &json!({}));
    world.policy("ask", &json!([{"capability": DEPLOY, "outcome": "REQUIRE_CONFIRMATION"}]));
    world
}

/// Status and code of a refusal of the governance API.
pub fn code(answer: &Answer) -> (u16, Value) {
    (answer.status, answer.json()["error"]["code"].clone())
}

/// Asserts what a proposal came to.
pub fn came_to(answer: &Value, outcome: &str, code: &str) {
    assert_eq!(
        (answer["outcome"].as_str(), answer["code"].as_str()),
        (Some(outcome), Some(code)),
        "{answer}"
    );
}

/// The key of the bot of that number.
pub fn bot(number: usize) -> String {
    format!("text-of-the-key-of-bot-{number}")
}

fn key_line(id: &str, text: &str, more: &str) -> String {
    format!("  - {{id: {id}, hash: \"{}\", {more}}}\n", key_hash(text))
}

fn keys() -> String {
    let key = key_line;
    let manages = "\"capabilities:manage\", \"policies:manage\", \"grants:manage\", \"governance:read\"";
    [
        key("agent", AGENT, "scopes: [\"governance:propose\"], actor: {id: agent-1}"),
        key("other", OTHER, "scopes: [\"governance:propose\"], actor: {id: agent-2}"),
        key("admin", ADMIN, "scopes: [admin]"),
        key("ops", OPS, "scopes: [\"holds:approve\", \"audit:read\"], person: olga"),
        key("risk", RISK, "scopes: [\"holds:approve\"], person: eve, roles: [risk_lead]"),
        key("security", SECURITY, "scopes: [\"holds:approve\"], person: bob, roles: [security_lead]"),
        key(
            "stranger",
            STRANGER,
            "tenant: elsewhere, scopes: [\"governance:propose\"], actor: {id: agent-1}",
        ),
        key("strange_admin", STRANGE_ADMIN, &format!("tenant: elsewhere, scopes: [{manages}]")),
    ]
    .concat()
}

/// A POST over a connection of its own; `None` when the gateway went away.
pub fn try_post(address: SocketAddr, key: &str, path: &str, body: &str) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(address).ok()?;
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nX-Api-Key: {key}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let text = String::from_utf8_lossy(&answer);
    let status = text.split(' ').nth(1)?.parse().ok()?;
    let (_, body) = text.split_once("\r\n\r\n")?;
    Some((status, serde_json::from_str(body).unwrap_or_default()))
}
