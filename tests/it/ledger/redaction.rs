//! What must never be written down: redacted arguments, credentials, and in logs any argument at all.

use std::path::Path;

use serde_json::json;

use crate::support::{Gateway, Tool, key_hash, routes};

const RULES: &str = "version: 1\ndefaults: {approval: block}\nrules:\n\
    - {name: reads, match: {type: \"*.read*\"}, approval: auto}\n\
    - {name: limits, match: {type: \"*\"}, conditions: {param_lte: {amount: 5}}, approval: auto}\n";
const KEY: &str = "key-of-the-caller-0123456789abcdef";
const WRONG_KEY: &str = "key-of-nobody-0123456789abcdef";
const UPSTREAM_SECRET: &str = "upstream-credential-0123456789";

/// Everything below a folder, as one text.
fn everything_in(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text.push_str(&everything_in(&path));
        } else {
            text.push_str(&String::from_utf8_lossy(&std::fs::read(path).unwrap()));
        }
    }
    text
}

/// A gateway that logs all it can, with one key and a secret header for its tool.
fn talkative(tool: &Tool) -> Gateway {
    let routes = routes(tool.address).replace(
        &format!("{{addresses: [\"{}\"]}}", tool.address),
        &format!("{{addresses: [\"{}\"], headers: {{X-Tool-Key: {{env: TOOL_KEY}}}}}}", tool.address),
    );
    let config = format!(
        "version: 1\ndata_dir: data\ngateway: {{listen: [{{address: \"127.0.0.1:0\"}}]}}\npolicy: {{rules: rules.yaml}}\n\
         control: {{listen: \"127.0.0.1:0\", keys: [{{id: bot, hash: \"{}\"}}]}}\n\
         audit: {{durability: process, redact: [password, api_key]}}\ntelemetry: {{log: trace}}\n{routes}",
        key_hash(KEY)
    );
    Gateway::configured(&config).file("rules.yaml", RULES).variable("TOOL_KEY", UPSTREAM_SECRET).start()
}

#[test]
fn redacted_names_are_never_stored_at_any_depth_or_spelling() {
    let tool = Tool::start();
    let mut gateway = talkative(&tool);
    let mut client = gateway.client();
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file","arguments":{
        "path":"visible-1","password":"hidden-1","nested":[{"Api-Key":"hidden-2","apiKey2":{"deep":"hidden-3"}}],
        "pass\u0077ord_old":["hidden-4"],"more":{"PASSWORD":{"a":"hidden-5"}}}}}"#
        .replace('\n', "");
    assert_eq!(client.post_json("/mcp", &call).status, 200);
    assert_eq!(
        client.get("/crm/contacts/visible-2?api_key=hidden-6&plain=visible-3&pass%77ord=hidden-7").status,
        200
    );
    let form = r#"{"name":"visible-4","password":"hidden-8","amount":9}"#;
    assert_eq!(client.post_json("/crm/contacts", form).status, 403);
    gateway.stop();
    let stored = everything_in(&gateway.folder().join("data"));
    assert!(!stored.contains("hidden-"), "{stored}");
    for visible in 1..=4 {
        assert!(stored.contains(&format!("visible-{visible}")), "visible-{visible}: {stored}");
    }
    assert!(!gateway.log().contains("hidden-"), "{}", gateway.log());
    // Only the record is redacted: the tool gets the bytes that were judged.
    assert!(tool.seen()[0].text().contains("hidden-1"));
}

#[test]
fn a_resource_made_of_a_redacted_argument_is_not_stored_either() {
    let tool = Tool::start();
    let route = format!(
        "routes:\n- {{name: files, match: {{path_prefix: /mcp}}, protocol: mcp, capability_prefix: files, \
         resource: \"account:{{arguments.password}}\", upstream: {{addresses: [\"{}\"]}}, anonymous: {{id: dev}}}}\n",
        tool.address
    );
    let mut gateway = Gateway::with(&route, RULES).start();
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file","arguments":{"password":"hidden-1"}}}"#;
    assert_eq!(gateway.client().post_json("/mcp", call).status, 200);
    gateway.stop();
    assert!(!everything_in(&gateway.folder().join("data")).contains("hidden-"));
}

#[test]
fn credentials_are_stored_nowhere() {
    let tool = Tool::start();
    let mut gateway = talkative(&tool);
    let mut client = gateway.client();
    for (name, value, status) in [
        ("X-Api-Key", KEY.to_owned(), 200),
        ("Authorization", format!("Bearer {KEY}"), 200),
        ("X-Api-Key", WRONG_KEY.to_owned(), 401),
        ("Authorization", format!("Bearer {WRONG_KEY}"), 401),
    ] {
        let answer = client.request("GET", "/crm/contacts/1", &[(name, &value)], b"");
        assert_eq!(answer.status, status, "{}", answer.text());
        let answer = gateway.control_client().request("GET", "/metrics", &[(name, &value)], b"");
        assert!(!answer.text().contains("key-of-"), "{}", answer.text());
    }
    gateway.stop();
    assert_eq!(tool.seen()[0].header("X-Tool-Key"), [UPSTREAM_SECRET]);
    let written = everything_in(&gateway.folder().join("data")) + &gateway.log();
    for secret in ["key-of-", UPSTREAM_SECRET] {
        assert!(!written.contains(secret), "{written}");
    }
    assert_eq!(gateway.records_of("decision")[0]["key"], json!("bot"));
}

#[test]
fn argument_values_are_in_no_log_line_even_when_everything_is_logged() {
    let tool = Tool::answering(|seen, stream| {
        use std::io::Write;
        if seen.line().contains("broken") {
            let _gone = stream.write_all(b"nonsense argument-echo\r\n\r\n");
            let _gone = stream.shutdown(std::net::Shutdown::Both);
        } else {
            crate::support::respond(stream, "200 OK", "application/json", b"{}");
        }
    });
    let mut gateway = talkative(&tool);
    let mut answers = Vec::new();
    for target in [
        "/crm/contacts/argument-1?q=argument-2",
        "/crm/contacts/broken-argument-3",
        "/nowhere/argument-4",
        "/crm/%zz/argument-5",
    ] {
        answers.push(gateway.client().get(target).status);
    }
    for body in [
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file","arguments":{"path":"argument-6"}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"send_email","arguments":{"amount":"argument-7"}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file","arguments":{"path":"argument-8"}"#,
        r#"{"a":"argument-9","a":"argument-10"}"#,
    ] {
        answers.push(gateway.client().post_json("/mcp", body).status);
    }
    let long = "argument-11".repeat(10_000);
    answers.push(gateway.client().post_json("/mcp", &format!("{{\"a\":\"{long}\"}}")).status);
    gateway
        .client()
        .send(b"GET /crm/contacts/argument-12 HTTP/1.1\r\nHost: x\r\nX-Bad header: argument-13\r\n\r\n");
    gateway.stop();
    let log = gateway.log();
    assert!(
        !log.contains("argument-"),
        "{answers:?}: {:?}",
        log.lines().find(|line| line.contains("argument-"))
    );
    assert!(log.contains("upstream failed"), "{log}");
}
