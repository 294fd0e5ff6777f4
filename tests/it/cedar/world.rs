//! A gateway whose calls a Cedar engine decides, with an administrator, a person and agents.

use serde_json::{Value, json};

use crate::governance::is_described;
use crate::support::{Answer, Gateway, Route, Setup, Tool, key_hash};

pub const ADMIN: &str = "text-of-the-administrators-key";
pub const ALICE: &str = "text-of-alices-key-0123456789";
pub const AGENT: &str = "text-of-the-agents-key-012345";
pub const OTHER: &str = "text-of-another-agents-key-01";
/// Called as [`AGENT`] is, of another tenant.
pub const TWIN: &str = "text-of-the-agents-twins-key-1";
/// Administers another tenant.
pub const STRANGER: &str = "text-of-the-strangers-key-012";

pub const ENGINES: &str = "/api/v1/policy/engines";

#[derive(Debug)]
pub struct World {
    pub tool: Tool,
    pub gateway: Gateway,
}

impl World {
    /// The engine `main` decides.
    pub fn start() -> Self {
        Self::with("{engine: main}")
    }

    /// A world whose section `policy.cedar` is `cedar`.
    pub fn with(cedar: &str) -> Self {
        let (tool, setup) = Self::setup(cedar);
        Self { tool, gateway: setup.start() }
    }

    /// A world whose section `policy` is `policy`.
    pub fn of(policy: &str) -> Self {
        let (tool, setup) = Self::setup_of(policy);
        Self { tool, gateway: setup.start() }
    }

    /// The one that [`Self::with`] starts.
    pub fn setup(cedar: &str) -> (Tool, Setup) {
        Self::setup_of(&format!("{{default: deny, cedar: {cedar}}}"))
    }

    fn setup_of(policy: &str) -> (Tool, Setup) {
        let tool = Tool::start();
        let routes = Route::section(&[
            Route::crm(tool.address).with("hold: {wait_ms: 0, max_wait_ms: 60000}").closed(),
            Route::tool_call("files", tool.address).closed(),
        ]);
        let config = format!(
            "version: 1\ndata_dir: data\ncontrol:\n  listen: 127.0.0.1:0\n  keys:\n{}\
             gateway: {{listen: [{{address: \"127.0.0.1:0\"}}]}}\n\
             audit: {{durability: process, segment_bytes: 4194304}}\npolicy: {policy}\n{routes}",
            keys()
        );
        (tool, Gateway::configured(&config))
    }

    /// Asks the control API.
    pub fn ask(&self, key: &str, method: &str, path: &str, body: &Value) -> Answer {
        self.ask_with(key, method, path, body, &[])
    }

    /// The same with more headers.
    pub fn ask_with(
        &self,
        key: &str,
        method: &str,
        path: &str,
        body: &Value,
        more: &[(&str, &str)],
    ) -> Answer {
        let sends = matches!(method, "POST" | "PUT");
        let body = if sends { body.to_string().into_bytes() } else { Vec::new() };
        let bearer = format!("Bearer {key}");
        let mut headers = vec![("Authorization", &*bearer), ("Content-Type", "application/json")];
        headers.extend_from_slice(more);
        let answer = self.gateway.control_client().request(method, path, &headers, &body);
        is_described(method, path, &answer);
        answer
    }

    /// Something as the administrator sees it.
    pub fn get(&self, path: &str) -> Value {
        let answer = self.ask(ADMIN, "GET", path, &Value::Null);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    /// Makes a policy of `main`; its id.
    pub fn policy(&self, text: &str) -> String {
        self.policy_as(&json!({"policy_body": text}))
    }

    /// The same of a whole body.
    pub fn policy_as(&self, body: &Value) -> String {
        let answer = self.ask(ADMIN, "POST", &format!("{ENGINES}/main/policies"), body);
        assert_eq!(answer.status, 201, "{body}: {}", answer.text());
        answer.json()["policy_id"].as_str().unwrap().to_owned()
    }

    /// What a proposal of `agent-1` comes to.
    pub fn propose(&self, capability: &str, parameters: &Value) -> Value {
        let body = json!({
            "actor": {"id": "agent-1", "type": "ai-agent"},
            "action": {"capability": capability, "parameters": parameters},
        });
        let answer = self.ask(AGENT, "POST", "/api/v1/governance/propose", &body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// Status of a call through the data plane.
    pub fn call(&self, key: &str, method: &str, path: &str) -> u16 {
        let body: &[u8] = if method == "POST" { b"{\"name\":\"ada\"}" } else { b"" };
        let headers = [("X-Api-Key", key), ("Content-Type", "application/json")];
        self.gateway.client().request(method, path, &headers, body).status
    }
}

/// Asserts what a proposal came to.
pub fn came_to(answer: &Value, outcome: &str, code: &str) {
    assert_eq!(
        (answer["outcome"].as_str(), answer["code"].as_str()),
        (Some(outcome), Some(code)),
        "{answer}"
    );
}

fn keys() -> String {
    let key = |id: &str, text: &str, more: &str| {
        format!("  - {{id: {id}, hash: \"{}\", {more}}}\n", key_hash(text))
    };
    [
        key("admin", ADMIN, "scopes: [admin]"),
        key(
            "alice",
            ALICE,
            "scopes: [\"governance:propose\"], actor: {id: alice, type: human}, groups: [eng]",
        ),
        key(
            "agent",
            AGENT,
            "scopes: [\"governance:propose\"], actor: {id: agent-1}, groups: [readers], roles: [clerk]",
        ),
        key("other", OTHER, "scopes: [\"governance:propose\"], actor: {id: agent-2}, person: ann"),
        key("twin", TWIN, "scopes: [\"governance:propose\"], actor: {id: agent-1}, tenant: strange"),
        key("stranger", STRANGER, "scopes: [admin], tenant: strange"),
    ]
    .concat()
}
