//! Deadlines, and tools that fail: answered once, never retried.

use std::io::Write;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::mpsc::channel;

use serde_json::json;

use crate::support::{Gateway, Route, Tool, eventually, respond};

const OPEN: &str = "version: 1\nrules: [{name: all, approval: auto}]\n";

const CALL: &str = r#"{"jsonrpc":"2.0","id":"c-1","method":"tools/call","params":{"name":"read"}}"#;

/// Both routes to `tool`, with short waits for it.
fn impatient(tool: SocketAddr) -> Gateway {
    let waits = "connect_ms: 200, read_ms: 100";
    let routes = [Route::crm(tool).upstream(waits), Route::mcp("files", tool).upstream(waits)];
    Gateway::with(&Route::section(&routes), OPEN).start()
}

fn with_timeouts(tool: &Tool, timeouts: &str) -> Gateway {
    let section = format!(
        "gateway: {{listen: [{{address: \"127.0.0.1:0\"}}], timeouts: {{{timeouts}}}}}\n{}",
        Route::section(&[Route::crm(tool.address), Route::mcp("files", tool.address)])
    );
    Gateway::with(&section, OPEN).start()
}

/// Every method is answered with `status` and `code` and reaches the tool `reaching` times, once in each protocol's form.
fn fails_once(gateway: &Gateway, status: u16, code: &str) {
    for (method, path, body) in [
        ("GET", "/crm/contacts/1", ""),
        ("PUT", "/crm/contacts/1", "{\"a\":1}"),
        ("DELETE", "/crm/contacts/1", ""),
        ("POST", "/crm/contacts", "{\"a\":1}"),
    ] {
        let answer =
            gateway.client().request(method, path, &[("Content-Type", "application/json")], body.as_bytes());
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (status, Some("application/problem+json")),
            "{method}"
        );
        let problem = answer.json();
        assert_eq!(
            (&problem["code"], &problem["status"]),
            (&json!(code), &json!(status)),
            "{method}: {problem}"
        );
    }
    let answer = gateway.client().post_json("/files", CALL);
    let said = answer.json();
    assert_eq!((answer.status, &said["id"]), (status, &json!("c-1")), "{said}");
    assert_eq!(said["error"]["data"]["code"], code, "{said}");
    let number = said["error"]["code"].as_i64().unwrap();
    assert!(!(-32_768..=-32_000).contains(&number), "{said}");
    // Every call has its record whatever became of it.
    assert_eq!(gateway.records_of("decision").len(), 5);
}

#[test]
fn a_tool_that_never_answers_is_504_and_asked_once() {
    let tool = Tool::answering(|_, _| ());
    let gateway = impatient(tool.address);
    fails_once(&gateway, 504, "upstream_timeout");
    assert_eq!(tool.count(), 5);
}

#[test]
fn a_tool_that_cannot_be_reached_is_502() {
    // Somebody holds the port on one loopback address, so nobody else listens on it on another.
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let gateway = impatient(SocketAddr::from(([127, 0, 0, 2], held.local_addr().unwrap().port())));
    fails_once(&gateway, 502, "upstream_failed");
}

#[test]
fn a_tool_that_breaks_off_is_502_and_asked_once() {
    for broken in ["", "HTTP/1.1 200 OK\r\nContent-", "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 abc\r\n\r\n"] {
        let tool = Tool::answering(move |_, stream| {
            let _gone = stream.write_all(broken.as_bytes());
            let _gone = stream.shutdown(Shutdown::Both);
        });
        let gateway = impatient(tool.address);
        fails_once(&gateway, 502, "upstream_failed");
        assert_eq!(tool.count(), 5, "{broken:?}");
    }
}

/// A connection that served before is where a proxy is most tempted to try again.
#[test]
fn nothing_is_sent_again_when_a_kept_connection_breaks() {
    for method in ["GET", "PUT", "DELETE", "HEAD"] {
        let tool = Tool::answering(|seen, stream| {
            if seen.line().contains("/2 ") {
                let _gone = stream.shutdown(Shutdown::Both);
            } else {
                respond(stream, "200 OK", "text/plain", b"ok");
            }
        });
        let gateway = Gateway::with(&Route::section(&[Route::crm(tool.address)]), OPEN).start();
        assert_eq!(gateway.client().get("/crm/contacts/1").status, 200);
        let mut client = gateway.client();
        client.send(format!("{method} /crm/contacts/2 HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
        let first = client.read_until(b"\r\n").unwrap();
        assert!(first.starts_with(b"HTTP/1.1 502 "), "{method}: {}", String::from_utf8_lossy(&first));
        assert_eq!(tool.count(), 2, "{method}");
    }
}

#[test]
fn an_answer_cut_off_is_not_passed_for_a_whole_one() {
    for head in ["Content-Length: 10\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"] {
        let tool = Tool::answering(move |_, stream| {
            let _gone = stream.write_all(format!("HTTP/1.1 200 OK\r\n{head}").as_bytes());
            let _gone = stream.shutdown(Shutdown::Both);
        });
        let gateway = Gateway::with(&Route::section(&[Route::crm(tool.address)]), OPEN).start();
        let mut client = gateway.client();
        client.send(b"GET /crm/contacts/1 HTTP/1.1\r\nHost: a\r\n\r\n");
        let whole = client.read_all();
        let text = String::from_utf8_lossy(&whole);
        // Where the cut came with the head, nothing was sent on yet: the connection just ends.
        let begun = text.starts_with("HTTP/1.1 200 ") && !text.ends_with("0\r\n\r\n");
        assert!(whole.is_empty() || begun, "{text}");
        assert_eq!(tool.count(), 1);
    }
}

#[test]
fn a_slow_head_and_an_idle_connection_are_closed() {
    let tool = Tool::start();
    let gateway = with_timeouts(&tool, "header_ms: 100, idle_ms: 60000");
    for begun in [&b"GET /crm/contacts/1 HTTP/1.1\r\nHost: a\r\nX-Slow"[..], b"G", b"PRI * HTTP/2"] {
        let mut client = gateway.client();
        client.send(begun);
        let told = client.read_all();
        assert!(told.is_empty() || told.starts_with(b"HTTP/1.1 408 "), "{}", String::from_utf8_lossy(&told));
    }

    let gateway = with_timeouts(&tool, "idle_ms: 100");
    // Before the first request, and after one.
    assert!(gateway.client().is_closed());
    let mut client = gateway.client();
    assert_eq!(client.get("/crm/contacts/1").status, 200);
    assert!(client.is_closed());
    // A refused request leaves no other deadline behind.
    let mut client = gateway.client();
    assert_eq!(client.get("/nowhere").status, 404);
    assert!(client.is_closed());
    assert_eq!(tool.count(), 1);
    // An idle caller is nothing an operator must look at.
    assert!(!gateway.log().contains("ERROR"), "{}", gateway.log());
}

#[test]
fn a_slow_body_is_408() {
    let tool = Tool::start();
    let gateway = with_timeouts(&tool, "body_ms: 100");
    for (path, framing) in [
        ("/crm/contacts", "Content-Length: 10\r\n\r\n{\"a\""),
        ("/crm/contacts", "Transfer-Encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n"),
        ("/files", "Content-Length: 10\r\nExpect: 100-continue\r\n\r\n"),
    ] {
        let mut client = gateway.client();
        client.send(
            format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n{framing}")
                .as_bytes(),
        );
        let answer = client.answer().unwrap();
        assert_eq!((answer.status, &answer.json()["code"]), (408, &json!("body_timeout")), "{framing:?}");
        assert!(client.is_closed(), "{framing:?}");
    }
    assert_eq!(tool.count(), 0);
}

/// A tool that begins its answer to a POST and goes on when told, and never answers anything else.
fn silent_stream() -> (Tool, std::sync::mpsc::Sender<()>) {
    let (go, told) = channel::<()>();
    let told = Mutex::new(told);
    let tool = Tool::answering(move |seen, stream: &mut TcpStream| {
        if seen.line().starts_with("POST") {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n";
            let _gone = stream.write_all(head.as_bytes());
            let _told = told.lock().unwrap().recv();
            let _gone = stream.write_all(b"data: 2\n\n");
            let _gone = stream.shutdown(Shutdown::Both);
        }
    });
    (tool, go)
}

#[test]
fn a_silent_stream_is_not_cut_by_the_deadline_of_its_head() {
    let (tool, go) = silent_stream();
    let gateway = impatient(tool.address);
    let mut client = gateway.client();
    client.send(format!("POST /files HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{CALL}", CALL.len()).as_bytes());
    client.read_until(b"data: 1\n\n").unwrap();
    // Calls that began later and wait as long for their head run out first: so the stream has been silent that long.
    for _ in 0..2 {
        assert_eq!(gateway.client().get("/crm/contacts/1").status, 504);
    }
    go.send(()).unwrap();
    assert!(client.read_until(b"data: 2\n\n").is_some());
}

#[test]
fn a_silent_stream_ends_where_the_configuration_says_so() {
    let (tool, _go) = silent_stream();
    let gateway = with_timeouts(&tool, "stream_idle_ms: 100");
    let mut client = gateway.client();
    client.send(format!("POST /files HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{CALL}", CALL.len()).as_bytes());
    let whole = client.read_all();
    let text = String::from_utf8_lossy(&whole);
    assert!(text.contains("data: 1\n\n") && !text.ends_with("0\r\n\r\n"), "{text}");
}

/// Bytes of a next request on the same connection do not lift the deadline of this one.
#[test]
fn an_early_request_lifts_no_deadline() {
    let tool = Tool::answering(|_, _| ());
    let gateway = impatient(tool.address);
    let mut client = gateway.client();
    let request = "GET /crm/contacts/1 HTTP/1.1\r\nHost: a\r\n\r\n";
    client.send(format!("{request}{request}").as_bytes());
    assert_eq!(client.answer().unwrap().status, 504);
    assert!(client.is_closed());
    assert_eq!(tool.count(), 1);
}

#[test]
fn what_a_caller_sends_too_early_waits_its_turn() {
    let (go, released) = channel::<()>();
    let released = Mutex::new(released);
    let tool = Tool::answering(move |_, stream| {
        released.lock().unwrap().recv().unwrap();
        respond(stream, "200 OK", "text/plain", b"ok");
    });
    let gateway = Gateway::with(&Route::section(&[Route::crm(tool.address)]), OPEN).start();
    let mut client = gateway.client();
    let request = b"GET /crm/contacts/1 HTTP/1.1\r\nHost: a\r\n\r\n";
    client.send(request);
    tool.wait();
    client.send(request);
    go.send(()).unwrap();
    go.send(()).unwrap();
    for _ in 0..2 {
        assert_eq!(client.answer().unwrap().status, 200);
    }
    assert_eq!(tool.count(), 2);
}

#[test]
fn what_a_caller_sends_too_early_is_not_the_tools_failure() {
    let tool = Tool::answering(|_, _| ());
    let gateway = impatient(tool.address);
    let mut client = gateway.client();
    let request = b"GET /crm/contacts/1 HTTP/1.1\r\nHost: a\r\n\r\n";
    client.send(request);
    tool.wait();
    client.send(request);
    let status = client.answer().map(|answer| answer.status);
    assert!(matches!(status, None | Some(400 | 504)), "{status:?}");
}

/// Holds one call at a tool, and looks at what becomes of the next ones; `limit` leaves room for one.
fn one_at_a_time(gateway: &Gateway, tool: &Tool, go: &std::sync::mpsc::Sender<()>) {
    let mut first = gateway.client();
    first.send(b"GET /crm/contacts/1 HTTP/1.1\r\nHost: gateway.test\r\n\r\n");
    tool.wait();
    let shed = gateway.client().get("/crm/contacts/2");
    assert_eq!((shed.status, &shed.json()["code"]), (503, &json!("overloaded")));
    assert_eq!(shed.header("retry-after"), Some("1"));
    assert_eq!((tool.count(), gateway.metric("aegis_shed_total")), (1, 1.0));
    go.send(()).unwrap();
    assert_eq!(first.answer().unwrap().status, 200);
    // The place is free once the answer is through, which is a moment after the caller has it.
    let mut next = || {
        let mut client = gateway.client();
        client.send(b"GET /crm/contacts/3 HTTP/1.1\r\nHost: gateway.test\r\n\r\n");
        let _unneeded = go.send(());
        client.answer().filter(|answer| answer.status == 200)
    };
    eventually("a free place", &mut next);
}

#[test]
fn a_route_takes_so_many_requests_at_once_and_records_those_it_refuses() {
    let (tool, go) = Tool::waiting();
    let limited = |route: Route| route.with("max_concurrent: 1");
    let routes = [limited(Route::crm(tool.address)), limited(Route::mcp("files", tool.address))];
    let gateway = Gateway::with(&Route::section(&routes), OPEN).start();
    one_at_a_time(&gateway, &tool, &go);
    let refusals = gateway.records_of("refusal");
    assert_eq!((&refusals[0]["code"], &refusals[0]["actor"]), (&json!("overloaded"), &json!("dev")));
}

#[test]
fn an_mcp_caller_is_told_of_the_overload_under_its_id() {
    let (tool, go) = Tool::waiting();
    let route = Route::mcp("files", tool.address).with("max_concurrent: 1");
    let gateway = Gateway::with(&Route::section(&[route]), OPEN).start();
    let mut first = gateway.client();
    first.send(format!("POST /files HTTP/1.1\r\nHost: gateway.test\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{CALL}", CALL.len()).as_bytes());
    tool.wait();
    let shed = gateway.client().post_json("/files", CALL);
    let said = shed.json();
    assert_eq!(
        (shed.status, &said["id"], &said["error"]["data"]["code"]),
        (503, &json!("c-1"), &json!("overloaded"))
    );
    go.send(()).unwrap();
    assert_eq!(first.answer().unwrap().status, 200);
}

#[test]
fn the_gateway_takes_so_many_requests_at_once() {
    let (tool, go) = Tool::waiting();
    let config = format!(
        "gateway: {{listen: [{{address: \"127.0.0.1:0\"}}], max_concurrent_requests: 1}}\n{}",
        Route::section(&[Route::crm(tool.address)])
    );
    let gateway = Gateway::with(&config, OPEN).start();
    one_at_a_time(&gateway, &tool, &go);
    // Nobody was identified, so nothing but the count tells of it.
    assert!(gateway.records_of("refusal").is_empty());
}
