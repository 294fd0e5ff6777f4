//! A gateway whose agents have keys, people who may approve, and a tool that counts.

use std::net::SocketAddr;
use std::thread::JoinHandle;

use serde_json::{Value, json};

use crate::support::{Answer, Client, Gateway, Route, Tool, eventually, key_hash};

pub const AGENT: &str = "text-of-the-agents-key";
pub const OTHER: &str = "text-of-another-agents-key";
pub const SCRIPT: &str = "text-of-the-scripts-key";
pub const OPS: &str = "text-of-the-operators-key";
pub const METRICS: &str = "text-of-the-scrapers-key";
/// Holds both roles.
pub const BOTH: &str = "text-of-the-key-of-both-leads";
pub const RISK: &str = "text-of-the-risk-leads-key";
pub const SECURITY: &str = "text-of-the-security-leads-key";
/// The agent's own people: may approve, and may speak for agents.
pub const FRIEND: &str = "text-of-the-agents-friends-key";
/// Of another tenant.
pub const STRANGER: &str = "text-of-the-strangers-key";

/// Creating contacts takes one person, deleting them two; reading none, updating is forbidden.
pub const RULES: &str = "version: 1\ndefaults: {approval: block}\nrules:\n\
    - {name: reads, match: {type: \"crm.*.read\"}, approval: auto}\n\
    - {name: no_updates, match: {type: \"crm.*.update\"}, approval: block}\n\
    - {name: ask, match: {type: crm.contacts.create}, approval: approve}\n\
    - {name: lend, match: {type: \"*.lend\"}, approval: approve}\n\
    - {name: two, match: {type: crm.contacts.delete}, approval: escalate}\n";

/// One more than [`RULES`]: the same call wants a person for another reason.
pub const STRICTER: &str = "version: 1\ndefaults: {approval: block}\nrules:\n\
    - {name: ask_again, match: {type: crm.contacts.create}, approval: approve}\n";

pub const FORBIDDEN: &str = "version: 1\ndefaults: {approval: block}\nrules: []\n";

#[derive(Debug)]
pub struct World {
    pub tool: Tool,
    pub gateway: Gateway,
}

/// How a world differs from the plain one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms {
    /// The `hold` of the routes; without, nobody waits within a request.
    pub hold: Option<&'static str>,
    /// The `holds` section.
    pub holds: &'static str,
    /// Where people reach the control listener.
    pub public: &'static str,
}

impl World {
    /// Where nobody waits within a request.
    pub fn start() -> Self {
        Self::with(Terms::default())
    }

    /// Where requests wait for `hold`, such as `{wait_ms: 10000}`.
    pub fn waiting(hold: &'static str) -> Self {
        Self::with(Terms { hold: Some(hold), ..Terms::default() })
    }

    pub fn with(terms: Terms) -> Self {
        Self::before(Tool::start(), terms)
    }

    /// In front of a tool of the test's own.
    pub fn before(tool: Tool, terms: Terms) -> Self {
        let gateway = Gateway::configured(&config(tool.address, &terms)).file("rules.yaml", RULES).start();
        Self { tool, gateway }
    }

    /// A call that one person must approve, by `key`.
    pub fn create(&self, key: &str, name: &str) -> Answer {
        self.create_with(key, name, &[])
    }

    pub fn create_with(&self, key: &str, name: &str, headers: &[(&str, &str)]) -> Answer {
        send_create(&mut self.gateway.client(), key, name, headers)
    }

    /// The same in another thread, for calls that wait.
    pub fn creating(&self, key: &'static str, name: &'static str) -> JoinHandle<Answer> {
        let mut client = self.gateway.client();
        std::thread::spawn(move || send_create(&mut client, key, name, &[]))
    }

    /// A call that two people must approve.
    pub fn delete(&self, key: &str, id: &str) -> Answer {
        let mut client = self.gateway.client();
        client.request("DELETE", &format!("/crm/contacts/{id}"), &[("X-Api-Key", key)], b"")
    }

    /// Asks the control API.
    pub fn ask(&self, key: &str, method: &str, path: &str, body: &Value) -> Answer {
        let body = if method == "GET" { Vec::new() } else { body.to_string().into_bytes() };
        let headers = [("X-Api-Key", key), ("Content-Type", "application/json")];
        self.gateway.control_client().request(method, path, &headers, &body)
    }

    pub fn approve(&self, key: &str, hold: &str) -> Answer {
        self.ask(key, "POST", &format!("/api/v1/holds/{hold}/approve"), &json!({}))
    }

    pub fn reject(&self, key: &str, hold: &str) -> Answer {
        self.ask(key, "POST", &format!("/api/v1/holds/{hold}/reject"), &json!({"comment": "not today"}))
    }

    pub fn cancel(&self, key: &str, hold: &str) -> Answer {
        self.ask(key, "POST", &format!("/api/v1/holds/{hold}/cancel"), &json!({}))
    }

    pub fn hold(&self, id: &str) -> Value {
        self.ask(OPS, "GET", &format!("/api/v1/holds/{id}"), &Value::Null).json()
    }

    /// Waits until the hold stands in `state`.
    pub fn until(&self, id: &str, state: &str) -> Value {
        eventually(&format!("{state} hold"), || Some(self.hold(id)).filter(|hold| hold["state"] == state))
    }

    /// The holds that are pending, newest first.
    pub fn pending(&self) -> Vec<Value> {
        let answer = self.ask(OPS, "GET", "/api/v1/holds?state=pending&limit=200", &Value::Null);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["holds"].as_array().unwrap().clone()
    }

    /// Waits until `count` requests wait for the one pending hold, and says which it is.
    pub fn waited_for(&self, count: usize) -> String {
        eventually("requests that wait", || {
            let pending = self.pending();
            let waiting = pending.first().filter(|hold| hold["waiting"] == count)?;
            Some(waiting["hold_id"].as_str().unwrap().to_owned())
        })
    }

    /// Puts other rules in force.
    pub fn rule(&self, rules: &str) {
        let version = || -> u64 {
            let health = self.gateway.control_client().get("/health").json();
            health["checks"]["config"]["snapshot_version"].as_u64().unwrap()
        };
        let before = version();
        let path = self.gateway.folder().join("rules.yaml");
        std::fs::write(path.with_extension("new"), rules).unwrap();
        std::fs::rename(path.with_extension("new"), path).unwrap();
        eventually("the new rules", || (version() > before).then_some(()));
    }

    /// The gateway ends by `signal` and another one starts in its place.
    pub fn restart(&mut self, signal: &str) {
        self.gateway.signal(signal);
        self.gateway.wait();
        self.gateway = self.gateway.restart();
    }
}

/// What an answer says of its hold.
pub fn hold_id(answer: &Answer) -> String {
    let said = answer.json();
    said["hold_id"].as_str().unwrap_or_else(|| panic!("no hold: {said}")).to_owned()
}

/// Asserts a refusal with this status and code.
pub fn refused(answer: &Answer, status: u16, code: &str) {
    let said = answer.json();
    assert_eq!((answer.status, said["code"].as_str()), (status, Some(code)), "{said}");
}

pub fn send_create(client: &mut Client, key: &str, name: &str, headers: &[(&str, &str)]) -> Answer {
    let mut all = vec![("X-Api-Key", key), ("Content-Type", "application/json")];
    all.extend_from_slice(headers);
    client.request("POST", "/crm/contacts", &all, format!("{{\"name\":\"{name}\"}}").as_bytes())
}

/// The bytes of a call that one person must approve.
pub fn raw_create(name: &str) -> Vec<u8> {
    let body = format!("{{\"name\":\"{name}\"}}");
    format!(
        "POST /crm/contacts HTTP/1.1\r\nHost: x\r\nX-Api-Key: {AGENT}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn config(tool: SocketAddr, terms: &Terms) -> String {
    let hold = format!("hold: {}", terms.hold.unwrap_or("{wait_ms: 0, max_wait_ms: 60000}"));
    let routes = Route::section(&[
        Route::crm(tool).with(&hold).closed(),
        Route::mcp("files", tool).with(&hold).closed(),
        Route::mcp("open", tool).with(&hold),
    ]);
    let key = |id: &str, text: &str, more: &str| {
        format!("  - {{id: {id}, hash: \"{}\", {more}}}\n", key_hash(text))
    };
    let keys = [
        key("agent", AGENT, "actor: {id: agent-1}, person: ann"),
        key("other", OTHER, "actor: {id: agent-2}"),
        key("script", SCRIPT, "actor: {id: script-1, type: automation}"),
        key("ops", OPS, "scopes: [\"holds:approve\", \"audit:read\"]"),
        key("both", BOTH, "scopes: [\"holds:approve\"], person: bob, roles: [risk_lead, security_lead]"),
        key("risk", RISK, "scopes: [\"holds:approve\"], person: eve, roles: [risk_lead]"),
        key("security", SECURITY, "scopes: [\"holds:approve\"], person: bob, roles: [security_lead]"),
        key("friend", FRIEND, "scopes: [\"holds:approve\"], actors: [\"agent-*\"], person: ann"),
        key("metrics", METRICS, "scopes: [\"metrics:read\"]"),
        key("stranger", STRANGER, "tenant: elsewhere, scopes: [\"holds:approve\"]"),
    ]
    .concat();
    let public =
        if terms.public.is_empty() { String::new() } else { format!("  public_url: {}\n", terms.public) };
    format!(
        "version: 1\ndata_dir: data\ncontrol:\n  listen: 127.0.0.1:0\n{public}  keys:\n{keys}\
         gateway: {{listen: [{{address: \"127.0.0.1:0\"}}]}}\ntelemetry: {{log: info}}\n\
         audit: {{durability: process, segment_bytes: 4194304}}\npolicy: {{rules: rules.yaml}}\n\
         holds: {{{}}}\n{routes}",
        terms.holds
    )
}
