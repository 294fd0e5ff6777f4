//! MCP sessions: a session is its caller's, on its route, and nobody else's.

use std::io::Write;
use std::net::TcpStream;

use serde_json::json;

use crate::support::{Answer, Client, Gateway, Route, Tool, key_hash, respond};

const OPEN: &str = "version: 1\nrules: [{name: all, approval: auto}]\n";
const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#;
const PING: &str = r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#;

/// An MCP server that names every session `inner-1`, on every answer, and streams one event to GET.
fn server() -> Tool {
    Tool::answering(|seen, stream: &mut TcpStream| {
        if seen.line().starts_with("GET ") {
            let event = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nMcp-Session-Id: inner-1\r\n\
                         Content-Length: 20\r\n\r\nid: 7\ndata: {\"a\":1}\n";
            let _gone = stream.write_all(event.as_bytes());
        } else if seen.line().starts_with("DELETE ") {
            respond(stream, "204 No Content\r\nMcp-Session-Id: inner-1", "text/plain", b"");
        } else {
            respond(stream, "200 OK\r\nMcp-Session-Id: inner-1", "application/json", b"{\"ok\":true}");
        }
    })
}

fn gateway(tool: &Tool) -> Gateway {
    gateway_with(tool, OPEN)
}

fn gateway_with(tool: &Tool, rules: &str) -> Gateway {
    let keys: String = ["ann", "bob"]
        .map(|who| {
            format!(
                "    - {{id: {who}, hash: \"{}\", scopes: [], actor: {{id: {who}, type: ai-agent}}}}\n",
                key_hash(&key(who))
            )
        })
        .concat();
    let routes = [Route::mcp("files", tool.address).closed(), Route::mcp("mail", tool.address).closed()];
    let config = format!(
        "version: 1\ndata_dir: data\ncontrol:\n  listen: \"127.0.0.1:0\"\n  keys:\n{keys}\
         audit: {{durability: process, segment_bytes: 4194304}}\npolicy: {{rules: rules.yaml}}\n\
         gateway: {{listen: [{{address: \"127.0.0.1:0\"}}]}}\n{}",
        Route::section(&routes)
    );
    Gateway::configured(&config).file("rules.yaml", rules).start()
}

fn key(who: &str) -> String {
    format!("key-of-{who}-that-is-long-enough")
}

fn send(
    client: &mut Client,
    who: &str,
    method: &str,
    path: &str,
    session: Option<&str>,
    body: &str,
) -> Answer {
    let key = key(who);
    let mut headers = vec![("X-Api-Key", key.as_str()), ("Accept", "application/json, text/event-stream")];
    if !body.is_empty() {
        headers.push(("Content-Type", "application/json"));
    }
    headers.extend(session.map(|session| ("Mcp-Session-Id", session)));
    client.request(method, path, &headers, body.as_bytes())
}

/// Begins a session of `who` on `/files` and returns the id shown.
fn begin(gateway: &Gateway, who: &str) -> String {
    let answer = send(&mut gateway.client(), who, "POST", "/files", None, INITIALIZE);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.header("mcp-session-id").unwrap().to_owned()
}

#[test]
fn a_session_is_used_under_a_sealed_id_and_the_server_sees_its_own() {
    let tool = server();
    let gateway = gateway(&tool);
    let session = begin(&gateway, "ann");
    assert!(!session.contains("inner-1") && session != begin(&gateway, "ann"));
    let mut client = gateway.client();
    let ping = send(&mut client, "ann", "POST", "/files", Some(&session), PING);
    // The caller goes on under the id it knows.
    assert_eq!((ping.status, ping.header("mcp-session-id")), (200, Some(session.as_str())));
    let answer = r#"{"jsonrpc":"2.0","id":"s1","result":{}}"#;
    assert_eq!(send(&mut client, "ann", "POST", "/files", Some(&session), answer).status, 200);
    let stream = send(&mut client, "ann", "GET", "/files", Some(&session), "");
    assert_eq!((stream.status, stream.text().as_str()), (200, "id: 7\ndata: {\"a\":1}\n"));
    let end = send(&mut client, "ann", "DELETE", "/files", Some(&session), "");
    assert_eq!((end.status, end.header("mcp-session-id")), (204, Some(session.as_str())));
    let seen = tool.seen();
    assert!(seen[2..].iter().all(|seen| seen.header("mcp-session-id") == ["inner-1"]), "{seen:?}");
    assert_eq!(seen[4].line(), "GET /tool HTTP/1.1");
    let names: Vec<_> =
        gateway.records_of("message").iter().map(|record| record["capability"].clone()).collect();
    assert_eq!(
        names[2..],
        ["files.ping", "files.response", "files.stream", "files.session_end"].map(|name| json!(name))
    );
}

#[test]
fn nobody_else_can_use_a_session() {
    let tool = server();
    let gateway = gateway(&tool);
    let session = begin(&gateway, "ann");
    let twice = format!("{session}\r\nMcp-Session-Id: {session}");
    let before = tool.count();
    for (who, path, named) in [
        ("bob", "/files", session.as_str()),
        ("ann", "/mail", &session),
        ("ann", "/files", "inner-1"),
        ("ann", "/files", &session[1..]),
        ("ann", "/files", ""),
        ("ann", "/files", &twice),
    ] {
        for (method, body) in [("POST", PING), ("GET", ""), ("DELETE", "")] {
            let answer = send(&mut gateway.client(), who, method, path, Some(named), body);
            assert_eq!(answer.status, 404, "{who} {method} {path} {named}: {}", answer.text());
            assert_eq!(answer.json()["error"]["data"]["code"], "session_unknown");
        }
    }
    assert_eq!(tool.count(), before);
    assert_eq!(gateway.records_of("refusal").len(), 18);
}

#[test]
fn a_session_outlives_a_restart_of_the_gateway() {
    let tool = server();
    let mut gateway = gateway(&tool);
    let session = begin(&gateway, "ann");
    gateway.stop();
    let gateway = gateway.restart();
    assert_eq!(send(&mut gateway.client(), "ann", "POST", "/files", Some(&session), PING).status, 200);
}

#[test]
fn a_session_is_ended_by_its_id_only_and_a_stream_has_no_body() {
    let tool = server();
    let gateway = gateway(&tool);
    for (method, body) in [("DELETE", ""), ("GET", PING), ("DELETE", PING)] {
        let answer = send(&mut gateway.client(), "ann", method, "/files", None, body);
        assert_eq!(answer.status, 400, "{method} {body}: {}", answer.text());
    }
    let key = key("ann");
    let resuming = [("X-Api-Key", key.as_str()), ("Last-Event-ID", "7")];
    assert_eq!(gateway.client().request("GET", "/files", &resuming, b"").status, 400);
    assert_eq!(tool.count(), 0);
}

/// A server's own session id does not pass on routes that know no sessions, in either direction.
#[test]
fn raw_session_ids_pass_on_no_route() {
    let tool = server();
    let gateway = Gateway::with(&Route::section(&[Route::crm(tool.address)]), OPEN).start();
    let answer = gateway.client().request("GET", "/crm/contacts/1", &[("Mcp-Session-Id", "inner-1")], b"");
    assert_eq!((answer.status, answer.header("mcp-session-id")), (200, None));
    assert!(tool.only().header("mcp-session-id").is_empty());
}

/// The code with which a call of `ann` is answered.
fn called(gateway: &Gateway, session: Option<&str>, tool: &str) -> String {
    let body = json!({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": tool}});
    let answer = send(&mut gateway.client(), "ann", "POST", "/files", session, &body.to_string());
    let decision = &answer.json()["result"]["_meta"]["aegis/decision"];
    decision["code"].as_str().unwrap_or("allowed").to_owned()
}

const PLAN: &str = "rules: [{name: all, approval: auto, risk_level: low}]\nplan_rules:\n  sequence_patterns: \
                    [{name: exfil, steps: [\"files.read_*\", \"files.send_*\"]}]\n  cumulative_risk: {max_total_risk: 3}\n";

#[test]
fn a_sequence_is_stopped_in_the_session_that_would_complete_it() {
    let tool = server();
    let gateway = gateway_with(&tool, PLAN);
    let call = |session, tool: &str| called(&gateway, session, tool);
    let (first, second) = (begin(&gateway, "ann"), begin(&gateway, "ann"));
    // The server gives both sessions one name, so they are one; without a session there is no history.
    for (session, tool, expected) in [
        (Some(&first), "send_mail", "allowed"),
        (Some(&first), "read_file", "allowed"),
        (Some(&first), "send_mail", "plan_denied"),
        (None, "send_mail", "allowed"),
        (Some(&second), "send_mail", "plan_denied"),
        // What was stopped does not count: three are let through, a fourth is too many.
        (Some(&first), "list", "allowed"),
        (Some(&first), "list", "plan_denied"),
    ] {
        assert_eq!(call(session.map(String::as_str), tool), expected, "{tool}");
    }
    let decisions = gateway.records_of("decision");
    let stopped = decisions.iter().find(|record| record["code"] == "plan_denied").unwrap();
    let reason =
        "Blocked by plan rule: Forbidden sequence 'exfil': 'files.read_file' \u{2192} 'files.send_mail'";
    assert_eq!(stopped["reason"], reason);
    assert_eq!(stopped["findings"][0], json!({"engine": "plan", "outcome": "DENY", "rule": "exfil"}));
    let session = &stopped["facts"]["session"];
    assert_eq!(session["total_risk"], 2);
    assert_eq!(session["reached"][0]["seen"], json!(["files.read_file"]));
}

/// What was done in a session counts on after a gateway that was killed: the sequence, and the sum of risk.
#[test]
fn what_a_session_did_outlives_a_killed_gateway() {
    let tool = server();
    let mut gateway = gateway_with(&tool, PLAN);
    let session = begin(&gateway, "ann");
    assert_eq!(called(&gateway, Some(&session), "read_file"), "allowed");
    gateway.kill();
    let mut gateway = gateway.restart();
    assert_eq!(called(&gateway, Some(&session), "send_mail"), "plan_denied");
    assert_eq!(called(&gateway, Some(&session), "list"), "allowed");
    assert!(gateway.stop().success());
    let gateway = gateway.restart();
    let calls = ["list", "list", "send_mail"].map(|tool| called(&gateway, Some(&session), tool));
    assert_eq!(calls, ["allowed", "plan_denied", "plan_denied"]);
    let decisions = gateway.records_of("decision");
    let named = |record: &serde_json::Value| record["session"].as_str().map(str::len);
    assert!(decisions.iter().all(|record| named(record) == Some(64)), "{decisions:?}");
    assert!(decisions.iter().all(|record| record["session"] == decisions[0]["session"]));
}
