//! A gateway with two tenants, whose agents call a tool, and people who read what was decided.

use serde_json::{Value, json};

use super::described::is_described;
use crate::support::{Answer, Gateway, Tool, key_hash};

const RULES: &str = "version: 1\ndefaults: {risk_level: medium, approval: block}\nrules:\n\
    - {name: reads, match: {type: \"crm.*.read\"}, risk_level: low, approval: auto}\n\
    - {name: deletes, match: {type: \"crm.*.delete\"}, risk_level: critical, approval: block}\n\
    - {name: creates, match: {type: \"crm.*.create\"}, risk_level: high, approval: approve}\n\
    - {name: notes, match: {type: \"note\"}, approval: auto}\n";

/// Id and the rest of each key of the world.
const KEYS: [(&str, &str); 9] = [
    ("bot-1", "actor: {id: agent-1, type: ai-agent}, scopes: [\"governance:propose\"], tenant: acme"),
    ("bot-2", "actor: {id: agent-2, type: automation}, scopes: [\"governance:propose\"], tenant: acme"),
    ("reader", "scopes: [\"governance:read\"], tenant: acme"),
    ("auditor", "scopes: [\"audit:read\"], tenant: acme"),
    ("ops", "scopes: [admin], tenant: acme"),
    ("granter", "scopes: [\"grants:manage\"], actors: [\"agent-7\"], tenant: acme"),
    ("metrics", "scopes: [\"metrics:read\"], tenant: acme"),
    ("stranger", "scopes: [admin], tenant: other"),
    ("root", "scopes: [admin]"),
];

#[derive(Debug)]
pub struct World {
    pub gateway: Gateway,
    _tool: Tool,
}

/// A key, made of its id.
pub fn key(id: &str) -> String {
    format!("the-key-of-{id}-0123456789abcdef")
}

impl World {
    pub fn start() -> Self {
        let tool = Tool::start();
        let keys: String = KEYS
            .iter()
            .map(|(id, more)| format!("  - {{id: {id}, hash: \"{}\", {more}}}\n", key_hash(&key(id))))
            .collect();
        let config = format!(
            "version: 1\ndata_dir: data\naudit: {{durability: process}}\n\
             policy: {{rules: rules.yaml, default: deny}}\n\
             gateway: {{listen: [{{address: \"127.0.0.1:0\"}}]}}\ncontrol:\n  listen: 127.0.0.1:0\n  keys:\n{keys}\
             routes:\n- name: crm\n  match: {{path_prefix: /crm}}\n  protocol: http\n  capability_prefix: crm\n  \
               hold: {{wait_ms: 0}}\n  upstream: {{addresses: [\"{}\"]}}\n  operations:\n  \
               - {{method: POST, path: \"/crm/contacts\", capability: crm.contacts.create, resource: contacts}}\n  \
               - {{method: GET, path: \"/crm/contacts/{{id}}\", capability: crm.contacts.read, resource: \"contact:{{id}}\"}}\n  \
               - {{method: DELETE, path: \"/crm/contacts/{{id}}\", capability: crm.contacts.delete, resource: \"contact:{{id}}\"}}\n",
            tool.address
        );
        Self { gateway: Gateway::configured(&config).file("rules.yaml", RULES).start(), _tool: tool }
    }

    /// Asks the control listener with the key of `who`.
    pub fn ask(&self, who: &str, method: &str, path: &str) -> Answer {
        let answer = self.gateway.control_client().request(method, path, &[("X-Api-Key", &key(who))], b"");
        is_described(method, path, &answer);
        answer
    }

    /// The same with a JSON body.
    pub fn send(&self, who: &str, method: &str, path: &str, body: &Value) -> Answer {
        self.send_with(who, method, path, &[], body)
    }

    /// The same with headers besides.
    pub fn send_with(
        &self,
        who: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let key = key(who);
        let mut all = vec![("X-Api-Key", &*key), ("Content-Type", "application/json")];
        all.extend(headers);
        let answer = self.gateway.control_client().request(method, path, &all, body.to_string().as_bytes());
        is_described(method, path, &answer);
        answer
    }

    /// The JSON of an answer that is 200.
    pub fn get(&self, who: &str, path: &str) -> Value {
        let answer = self.ask(who, "GET", path);
        assert_eq!(answer.status, 200, "{who} {path}: {}", answer.text());
        answer.json()
    }

    /// Calls the tool as `who`.
    pub fn call(&self, who: &str, method: &str, path: &str) -> Answer {
        let body = if method == "POST" {
            &br#"{"name":"Ada","password":"swordfish","share":12.50}"#[..]
        } else {
            b""
        };
        let headers =
            [("X-Api-Key", &*key(who)), ("Content-Type", "application/json"), ("X-Request-ID", "call-1")];
        self.gateway.client().request(method, path, &headers, body)
    }

    /// Has the policy server execute an action as `who`; the decision's id.
    pub fn execute(&self, who: &str) -> String {
        let body = json!({"action_type": "note", "target": "desk", "params": {"n": 1.50}, "metadata": {"why": "test"}});
        let headers = [("X-Api-Key", &*key(who)), ("Content-Type", "application/json")];
        let answer = self.gateway.control_client().request(
            "POST",
            "/api/v1/execute",
            &headers,
            body.to_string().as_bytes(),
        );
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["decision_id"].as_str().unwrap().to_owned()
    }

    /// Three calls of agents of `acme` on the data plane, one of the policy server, and one of another tenant.
    pub fn populated() -> Self {
        let world = Self::start();
        assert_eq!(world.call("bot-1", "GET", "/crm/contacts/7").status, 200);
        assert_eq!(world.call("bot-2", "DELETE", "/crm/contacts/7").status, 403);
        assert_eq!(world.call("bot-1", "POST", "/crm/contacts").status, 403);
        world.execute("bot-2");
        world.execute("stranger");
        world
    }
}

/// The members of an object.
pub fn names(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// What is wrong, in the form of documents 000 and 001.
pub fn is_error(answer: &Answer, status: u16, code: &str) {
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (status, Some("application/json")),
        "{}",
        answer.text()
    );
    let error = &answer.json()["error"];
    assert_eq!(error["code"], code, "{error}");
    assert_eq!(error["request_id"].as_str(), answer.header("x-aegis-request-id"), "{error}");
    assert!(
        error["message"].as_str().is_some_and(|message| !message.is_empty() && message.len() <= 300),
        "{error}"
    );
    assert_eq!(names(&answer.json()), ["error"]);
}
