//! What comes back: fields hidden and lengths held, in JSON and in streams, and a 502 for what cannot be looked at.

use std::io::Write;

use serde_json::json;

use crate::support::{Answer, Gateway, Route, Tool, respond};

const RULES: &str = "rules: [{name: all, match: {}, approval: auto}]";

/// The first answer of a tool that says `body` with this status and content type, through a route with these `response` rules.
fn through(
    rules: &str,
    status: &'static str,
    content_type: &'static str,
    body: &'static str,
) -> (Answer, Gateway) {
    let tool = Tool::answering(move |_, stream| respond(stream, status, content_type, body.as_bytes()));
    let gateway = gateway(&tool, rules);
    let answer = gateway.client().get("/crm/contacts/1");
    (answer, gateway)
}

fn gateway(tool: &Tool, rules: &str) -> Gateway {
    let rules = format!("response: {{{rules}}}");
    let routes = [Route::crm(tool.address).with(&rules), Route::mcp("mcp", tool.address).with(&rules)];
    Gateway::with(&Route::section(&routes), RULES).start()
}

const HIDE: &str = "redact: [/card, /people/*/email]";

#[test]
fn fields_of_json_are_hidden_and_everything_else_stays() {
    let body = r#"{"card":"4711","people":[{"email":"a@b","id":1e400},{"id":2}],"x":{"card":"kept"}}"#;
    // A number of any size is copied, not read.
    let body: &'static str = Box::leak(body.replace("1e400", "12345678901234567890123").into_boxed_str());
    let (answer, _) = through(HIDE, "200 OK", "application/json; charset=utf-8", body);
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.text(),
        r#"{"card":"[REDACTED]","people":[{"email":"[REDACTED]","id":12345678901234567890123},{"id":2}],"x":{"card":"kept"}}"#
    );
    assert_eq!(answer.header("content-length"), Some(answer.body.len().to_string().as_str()));
}

#[test]
fn errors_are_held_to_the_same() {
    let (answer, _) = through(HIDE, "409 Conflict", "application/problem+json", r#"{"card":"4711"}"#);
    assert_eq!((answer.status, answer.text().as_str()), (409, r#"{"card":"[REDACTED]"}"#));
    let (answer, _) = through(HIDE, "500 Oops", "text/plain", "no JSON");
    assert_eq!((answer.status, answer.text().as_str()), (500, "no JSON"));
}

#[test]
fn what_cannot_be_looked_at_does_not_come_back() {
    for (content_type, body) in [
        ("text/html", "<p>q4711</p>"),
        ("application/json", r#"{"card":"q4711","card":"q4712"}"#),
        ("application/json", r#"{"card":"q4711"#),
        ("application/json\r\nContent-Encoding: gzip", r#"{"card":"q4711"}"#),
        ("application/json\r\nContent-Range: bytes 0-1/2", r#"{"card":"q4711"}"#),
    ] {
        let (answer, gateway) = through(HIDE, "200 OK", content_type, body);
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (502, &json!("response_refused")),
            "{content_type}"
        );
        assert!(!answer.text().contains("q471") && !gateway.log().contains("q471"), "{}", answer.text());
    }
}

#[test]
fn the_tool_is_asked_for_what_can_be_read() {
    let tool = Tool::saying("{}");
    let gateway = gateway(&tool, HIDE);
    let headers = [("Accept-Encoding", "gzip"), ("Range", "bytes=0-1"), ("If-Range", "x"), ("Accept", "a/b")];
    assert_eq!(gateway.client().request("GET", "/crm/contacts/1", &headers, b"").status, 200);
    let seen = tool.only();
    assert!(
        ["accept-encoding", "range", "if-range"].iter().all(|name| seen.header(name).is_empty()),
        "{seen:?}"
    );
    assert_eq!(seen.header("accept"), ["a/b"]);
}

#[test]
fn an_answer_longer_than_its_limit_does_not_come_back() {
    let (answer, _) = through("max_bytes: 10", "200 OK", "text/plain", "0123456789");
    assert_eq!((answer.status, answer.text().as_str()), (200, "0123456789"));
    let (answer, _) = through("max_bytes: 10", "200 OK", "text/plain", "0123456789a");
    assert_eq!((answer.status, &answer.json()["code"]), (502, &json!("response_refused")));
}

/// Of a stream no end is known beforehand: it is broken off, and the caller can tell.
#[test]
fn a_stream_longer_than_its_limit_is_broken_off() {
    let tool = Tool::answering(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n").unwrap();
        stream.write_all(b"6\r\n56789a\r\n0\r\n\r\n").unwrap();
    });
    let gateway = gateway(&tool, "max_bytes: 10");
    let mut client = gateway.client();
    client.send(b"GET /crm/contacts/1 HTTP/1.1\r\nHost: x\r\n\r\n");
    let all = String::from_utf8(client.read_all()).unwrap();
    assert!(!all.ends_with("0\r\n\r\n") && !all.contains("9a"), "{all}");
}

#[test]
fn events_are_edited_as_they_come() {
    let (release, released) = std::sync::mpsc::channel();
    let released = std::sync::Mutex::new(released);
    let tool = Tool::answering(move |_, stream| {
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 200\r\n\r\n")
            .unwrap();
        stream.write_all(b": hello\n\nid: 1\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"res").unwrap();
        stream.write_all(b"ult\":{\"card\":\"4711\"}}\n\n").unwrap();
        released.lock().unwrap().recv().unwrap();
        stream.write_all(&[b'\n'; 121]).unwrap();
    });
    let gateway = gateway(&tool, "redact: [/card]");
    let mut client = gateway.client();
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}"#;
    client.send(
        format!(
            "POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .as_bytes(),
    );
    let head = String::from_utf8(client.read_until(b"\r\n\r\n").unwrap()).unwrap().to_lowercase();
    assert!(head.contains("transfer-encoding: chunked") && !head.contains("content-length"), "{head}");
    // This comes before the tool has ended its answer.
    let seen = String::from_utf8(client.read_until(b"}}\n\n").unwrap()).unwrap();
    assert!(seen.contains(": hello\n\n"), "{seen}");
    assert!(seen.contains("id: 1\n"), "{seen}");
    assert!(
        seen.contains("data: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"card\":\"[REDACTED]\"}}"),
        "{seen}"
    );
    release.send(()).unwrap();
}

/// Statuses that say there is no more to look at: a body behind them is looked at all the same, and nothing else than HTTP comes back.
#[test]
fn no_status_leads_around_the_filter() {
    let (answer, _) = through(HIDE, "205 Reset Content", "application/json", r#"{"card":"4711"}"#);
    assert_eq!((answer.status, answer.text().as_str()), (205, r#"{"card":"[REDACTED]"}"#));
    for rules in [HIDE, "max_bytes: 100"] {
        let upgraded = "101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade";
        let (answer, gateway) = through(rules, upgraded, "application/json", r#"{"card":"4711"}"#);
        assert_eq!((answer.status, &answer.json()["code"]), (502, &json!("upstream_failed")));
        assert_eq!(gateway.records_of("execution")[0]["code"], "upstream_failed");
        // Nor is a tunnel opened where answers are to be looked at.
        let ask = [("Upgrade", "websocket"), ("Connection", "Upgrade")];
        assert_eq!(gateway.client().request("GET", "/crm/live", &ask, b"").status, 400);
    }
}

#[test]
fn heads_without_bodies_pass() {
    let tool = Tool::answering(|seen, stream| {
        let length = if seen.line().starts_with("HEAD") { 5000 } else { 0 };
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
    });
    let gateway = gateway(&tool, "max_bytes: 10, redact: [/card]");
    let mut client = gateway.client();
    client.send(b"HEAD /crm/contacts/1 HTTP/1.1\r\nHost: x\r\n\r\n");
    let head = String::from_utf8(client.read_until(b"\r\n\r\n").unwrap()).unwrap();
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("5000"), "{head}");
    // The connection serves on.
    let answer = client.get("/crm/contacts/1");
    assert_eq!((answer.status, answer.body.len()), (200, 0));
}
