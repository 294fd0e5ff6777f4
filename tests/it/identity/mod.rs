//! Who may call, beyond the keys of the configuration: issued keys, tokens, and how often.

mod held_back;
mod issued;
mod tokens;
mod verbs;

use serde_json::{Value, json};

use crate::governance::is_described;
use crate::support::{Answer, Client, Gateway, Route, Setup, key_hash};

/// Allows everything.
const OPEN: &str = "version: 1\nrules: [{name: all, approval: auto}]\n";

/// A gateway in front of `tool` whose control section has the keys `root` (admin of everything), `acme` (admin of its tenant) and
/// `bot` (proposes), each with the text `<id>-text`, and whatever else is given.
fn gateway(tool: std::net::SocketAddr, control: &str, data_plane: &str) -> Setup {
    Gateway::configured(&configuration(tool, control, data_plane)).file("rules.yaml", OPEN)
}

/// Its configuration.
fn configuration(tool: std::net::SocketAddr, control: &str, data_plane: &str) -> String {
    let hash = |id: &str| key_hash(&format!("{id}-text"));
    format!(
        "version: 1\ndata_dir: data\naudit: {{durability: process, segment_bytes: 4194304}}\n\
         policy: {{rules: rules.yaml}}\n\
         control:\n  listen: 127.0.0.1:0\n  {control}\n  keys:\n  \
         - {{id: root, hash: \"{}\", scopes: [admin]}}\n  \
         - {{id: acme, hash: \"{}\", tenant: acme, scopes: [admin]}}\n  \
         - {{id: bot, hash: \"{}\", tenant: acme, scopes: [\"governance:propose\"], actors: [\"agent-*\"]}}\n\
         gateway: {{listen: [{{address: \"127.0.0.1:0\"}}]{data_plane}}}\n{}",
        hash("root"),
        hash("acme"),
        hash("bot"),
        Route::section(&[Route::crm(tool).closed()])
    )
}

/// A request to the control listener with a key, and JSON where there is some.
fn ask(client: &mut Client, key: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
    let mut headers = vec![("X-Api-Key", key)];
    if body.is_some() {
        headers.push(("Content-Type", "application/json"));
    }
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let answer = client.request(method, path, &headers, body.as_bytes());
    is_described(method, path, &answer);
    answer
}

/// A key issued with `body`, by `by`: its text.
fn issue(control: &mut Client, by: &str, body: Value) -> String {
    let answer = ask(control, by, "POST", "/api/v1/keys", Some(body));
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["key"].as_str().unwrap().to_owned()
}

/// What a call to the tool with this key is answered.
fn call(gateway: &Gateway, key: &str) -> u16 {
    gateway.client().request("GET", "/crm/contacts/1", &[("X-Api-Key", key)], b"").status
}

/// The ids that a list shows.
fn ids(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    answer["keys"].as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap().to_owned()).collect()
}

/// The member of a problem that names its kind.
fn kind(answer: &Answer) -> String {
    answer.json()["type"].as_str().unwrap_or_default().replace("urn:aegis:", "")
}

/// Nothing but an id.
fn named(id: &str) -> Value {
    json!({"id": id})
}
