//! WebSocket: a connection the tool takes over is a capability of its own, and nothing else is ever handed over.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use crate::support::{Client, Gateway, Route, Tool, respond};

const NAMED: &str = "rules: [{name: live, match: {type: crm.tunnel}, approval: auto}]";
const WILDCARD: &str =
    "defaults: {approval: auto}\nrules: [{name: all, match: {type: \"crm.*\"}, approval: auto}]";
const ASKED: &str = "GET /crm/live?room=1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// A tool that agrees to a tunnel and sends back what it gets, until the other side ends it.
fn echoing() -> Tool {
    Tool::answering(|seen, stream| {
        if seen.header("upgrade").is_empty() {
            return respond(stream, "200 OK", "text/plain", b"no tunnel");
        }
        stream
            .write_all(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello ")
            .unwrap();
        echo(stream);
    })
}

fn echo(stream: &mut TcpStream) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut bytes) {
        stream.write_all(&bytes[..count]).unwrap();
    }
    let _gone = stream.shutdown(Shutdown::Both);
}

fn gateway(tool: &Tool, rules: &str) -> Gateway {
    Gateway::with(&Route::section(&[Route::crm(tool.address), Route::mcp("mcp", tool.address)]), rules)
        .start()
}

fn head_of(client: &mut Client) -> String {
    String::from_utf8(client.read_until(b"\r\n\r\n").unwrap()).unwrap()
}

#[test]
fn a_tunnel_that_a_rule_names_carries_bytes_both_ways_until_one_side_ends_it() {
    let tool = echoing();
    let gateway = gateway(&tool, NAMED);
    let mut client = gateway.client();
    client.send(ASKED.as_bytes());
    assert!(head_of(&mut client).starts_with("HTTP/1.1 101 "), "no 101");
    assert_eq!(client.read_until(b"hello ").unwrap(), b"hello ");
    for message in ["one", "two", &"long ".repeat(50_000)] {
        client.send(format!("{message}.").as_bytes());
        assert_eq!(client.read_until(b".").unwrap(), format!("{message}.").as_bytes());
    }
    client.stream().shutdown(Shutdown::Write).unwrap();
    assert!(client.is_closed());
    let seen = tool.only();
    assert_eq!(seen.line(), "GET /crm/live?room=1 HTTP/1.1");
    assert_eq!(seen.header("sec-websocket-version"), ["13"]);
    let decision = gateway.records_of("decision").pop().unwrap();
    assert_eq!((&decision["capability"], &decision["resource"]), (&"crm.tunnel".into(), &"/crm/live".into()));
}

#[test]
fn the_tool_may_end_a_tunnel_too() {
    let tool = Tool::answering(|_, stream| {
        stream
            .write_all(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nbye",
            )
            .unwrap();
        stream.shutdown(Shutdown::Both).unwrap();
    });
    let gateway = gateway(&tool, NAMED);
    let mut client = gateway.client();
    client.send(ASKED.as_bytes());
    assert!(head_of(&mut client).starts_with("HTTP/1.1 101 "));
    assert_eq!(client.read_all(), b"bye");
}

#[test]
fn a_tool_that_wants_no_tunnel_answers_as_to_any_call() {
    let tool = Tool::saying("{}");
    let gateway = gateway(&tool, NAMED);
    let mut client = gateway.client();
    client.send(ASKED.as_bytes());
    assert_eq!(client.answer().unwrap().status, 200);
}

#[test]
fn no_wildcard_lets_a_tunnel_in_and_the_refusal_says_what_would() {
    let tool = echoing();
    let gateway = gateway(&tool, WILDCARD);
    let mut client = gateway.client();
    client.send(ASKED.as_bytes());
    let answer = client.answer().unwrap();
    assert_eq!((answer.status, &answer.json()["code"]), (403, &"tunnel_not_named".into()));
    assert!(answer.text().contains("crm.tunnel"), "{}", answer.text());
    // The connection serves on: nothing was handed over.
    assert_eq!(client.get("/crm/contacts/1").status, 200);
    assert_eq!(tool.only().line(), "GET /crm/contacts/1 HTTP/1.1");
}

/// A permit for every action lets no tunnel in, one that names its action does.
#[test]
fn a_cedar_policy_that_names_its_action_lets_a_tunnel_in() {
    let tool = echoing();
    let wide = "permit(principal, action, resource);\n";
    let named = "permit(principal, action == Action::\"crm.tunnel\", resource in Http::\"/crm\");\n";
    for (policies, status) in [(wide.to_owned(), 403), (format!("{wide}{named}"), 101)] {
        let routes = Route::section(&[Route::crm(tool.address)]);
        let config = format!(
            "version: 1\ndata_dir: data\ncontrol: {{listen: \"127.0.0.1:0\"}}\n\
             audit: {{durability: process, segment_bytes: 4194304}}\ngateway: {{listen: [{{address: \"127.0.0.1:0\"}}]}}\n\
             policy: {{cedar: {{engine: main, directory: cedar}}}}\n{routes}"
        );
        let gateway = Gateway::configured(&config).file("cedar/tunnel.cedar", &policies).start();
        let mut client = gateway.client();
        client.send(ASKED.as_bytes());
        let head = head_of(&mut client);
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    }
}

#[test]
fn half_a_tunnel_is_refused_and_never_seen_by_the_tool() {
    let tool = echoing();
    let gateway = gateway(&tool, NAMED);
    let websocket = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
    for (line, headers, body, status) in [
        ("GET /crm/live HTTP/1.1", "Upgrade: websocket\r\n", "", 400),
        ("GET /crm/live HTTP/1.1", "Connection: Upgrade\r\n", "", 400),
        ("GET /crm/live HTTP/1.1", "Upgrade: h2c\r\nConnection: Upgrade\r\n", "", 400),
        ("GET /crm/live HTTP/1.1", "Upgrade: websocket, h2c\r\nConnection: Upgrade\r\n", "", 400),
        (
            "GET /crm/live HTTP/1.1",
            "Upgrade: websocket\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
            "",
            400,
        ),
        ("POST /crm/live HTTP/1.1", websocket, "", 400),
        ("GET /crm/live HTTP/1.0", websocket, "", 400),
        (
            "GET /crm/live HTTP/1.1",
            "Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 2\r\n",
            "{}",
            400,
        ),
        ("GET /mcp HTTP/1.1", websocket, "", 400),
        (
            "GET /crm/live HTTP/1.1",
            "Origin: https://evil.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
            "",
            403,
        ),
    ] {
        let mut client = gateway.client();
        client.send(format!("{line}\r\nHost: x\r\n{headers}\r\n{body}").as_bytes());
        let answer = client.answer().unwrap();
        assert_eq!(answer.status, status, "{line} {headers}: {}", answer.text());
    }
    assert_eq!(tool.count(), 0);
}
