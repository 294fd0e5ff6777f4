//! What became of each call that was let through: one execution record, and an answer that says the same.

use std::io::Write;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};

use serde_json::{Value, json};

use crate::support::{Client, Gateway, Route, Tool, eventually, respond};

const OPEN: &str = "version: 1\nrules: [{name: all, approval: auto}]\n";
const CLOSED: &str = "version: 1\ndefaults: {approval: block}\n";
const READ: &[u8] = b"GET /crm/contacts/1 HTTP/1.1\r\nHost: a\r\n\r\n";

/// A gateway with the route `crm` to `tool`, which waits little for it.
fn impatient(tool: SocketAddr) -> Gateway {
    let route = Route::crm(tool).upstream("connect_ms: 200, read_ms: 200");
    Gateway::with(&Route::section(&[route]), OPEN).start()
}

/// The first execution record, which comes a moment after the answer. It is of the only call, and says what that was.
fn execution(gateway: &Gateway) -> Value {
    let executed = eventually("an execution record", || gateway.records_of("execution").into_iter().next());
    let decided = gateway.records_of("decision").remove(0);
    for member in ["tenant", "actor", "capability", "route", "decision_id", "request_id"] {
        assert_eq!(executed[member], decided[member], "{member}");
    }
    let counted =
        format!("aegis_executions_total{{result={},route={}}}", executed["result"], executed["route"]);
    assert!((gateway.metric(&counted) - 1.0).abs() < f64::EPSILON, "{counted}");
    executed
}

/// Result and code.
fn said(executed: &Value) -> (&str, &str) {
    (executed["result"].as_str().unwrap(), executed["code"].as_str().unwrap_or_default())
}

fn closes(stream: &mut TcpStream) {
    let _gone = stream.shutdown(Shutdown::Both);
}

/// The status and text of the answer to a call that fails, and its execution record.
fn fails(tool: SocketAddr, body: &str) -> (u16, String, Value) {
    let gateway = impatient(tool);
    let answer = if body.is_empty() {
        gateway.client().get("/crm/contacts/1")
    } else {
        gateway.client().post_json("/crm/contacts", body)
    };
    (answer.status, answer.json()["detail"].as_str().unwrap().to_owned(), execution(&gateway))
}

#[test]
fn a_whole_answer_is_completed_whatever_its_status() {
    for status in ["200 OK", "500 Internal Server Error", "204 No Content"] {
        let tool = Tool::answering(move |_, stream| {
            let body: &[u8] = if status.starts_with("204") { b"" } else { b"eleven byte" };
            respond(stream, status, "text/plain", body);
        });
        let gateway = Gateway::with(&Route::section(&[Route::crm(tool.address)]), OPEN).start();
        let answered = gateway.client().get("/crm/contacts/1").status;
        let executed = execution(&gateway);
        assert_eq!((said(&executed), &executed["status"]), (("completed", ""), &json!(answered)));
        let bytes = if answered == 204 { 0 } else { 11 };
        assert_eq!(executed["response_bytes"], bytes);
        assert!(executed["duration_ms"].as_f64().unwrap() > 0.0, "{executed}");
    }
}

#[test]
fn chunks_and_long_bodies_are_counted() {
    let tool = Tool::answering(|_, stream| {
        let _gone = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for _ in 0..3 {
            let _gone = stream.write_all(b"4\r\nhalf\r\n");
        }
        let _gone = stream.write_all(b"0\r\n\r\n");
    });
    let gateway = Gateway::with(&Route::section(&[Route::crm(tool.address)]), OPEN).start();
    let long = format!("{{\"note\":\"{}\"}}", "x".repeat(100_000));
    assert_eq!(gateway.client().post_json("/crm/contacts", &long).text(), "halfhalfhalf");
    let executed = execution(&gateway);
    assert_eq!((said(&executed), &executed["response_bytes"]), (("completed", ""), &json!(12)));
}

#[test]
fn a_tool_that_cannot_be_reached_was_sent_nothing() {
    // Somebody holds the port on one loopback address, so nobody else listens on it on another.
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = SocketAddr::from(([127, 0, 0, 2], held.local_addr().unwrap().port()));
    for body in ["", "{\"a\":1}"] {
        let (status, detail, executed) = fails(nobody, body);
        assert_eq!((status, said(&executed)), (502, ("not_forwarded", "upstream_failed")));
        assert!(detail.contains("was not sent"), "{detail}");
        assert!(executed["status"].is_null() && executed["response_bytes"].is_null(), "{executed}");
    }
}

#[test]
fn a_tool_that_closes_or_speaks_no_http_may_have_run() {
    for broken in ["", "HTTP/1.1 200 OK\r\nContent-", "SSH-2.0-OpenSSH\r\n\r\n"] {
        let tool = Tool::answering(move |_, stream| {
            let _gone = stream.write_all(broken.as_bytes());
            closes(stream);
        });
        let (status, detail, executed) = fails(tool.address, "{\"a\":1}");
        assert_eq!((status, said(&executed)), (502, ("unknown_outcome", "upstream_failed")), "{broken:?}");
        assert!(detail.contains("may have run"), "{detail}");
        assert!(executed["status"].is_null(), "{executed}");
    }
}

#[test]
fn a_tool_that_hangs_may_have_run() {
    let tool = Tool::answering(|_, _| ());
    let (status, detail, executed) = fails(tool.address, "");
    assert_eq!((status, said(&executed)), (504, ("unknown_outcome", "upstream_timeout")));
    assert!(detail.contains("may have run"), "{detail}");
}

#[test]
fn an_answer_that_breaks_off_is_failed() {
    let tool = Tool::answering(|_, stream| {
        let _gone = stream.write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\nhalf");
        closes(stream);
    });
    let gateway = impatient(tool.address);
    let mut client = gateway.client();
    client.send(READ);
    client.read_all();
    let executed = execution(&gateway);
    assert_eq!((said(&executed), &executed["status"]), (("failed", "upstream_failed"), &json!(201)));
    assert_eq!(executed["response_bytes"], 4);
}

/// A tool that begins an answer, says so, and goes on when told.
fn hesitant(begins: &'static [u8]) -> (Tool, Sender<()>) {
    let (go, told) = channel::<()>();
    let told = Mutex::new(told);
    let tool = Tool::answering(move |_, stream| {
        let _gone = stream.write_all(begins);
        let _told = told.lock().unwrap().recv();
        closes(stream);
    });
    (tool, go)
}

/// A stream, which is passed on as it comes.
const BEGUN: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nhalf";

#[test]
fn a_caller_that_leaves_midway_has_cancelled() {
    let (tool, _go) = hesitant(BEGUN);
    let gateway = Gateway::with(&Route::section(&[Route::crm(tool.address)]), OPEN).start();
    let mut client = gateway.client();
    client.send(READ);
    client.read_until(b"half").unwrap();
    drop(client);
    let executed = execution(&gateway);
    assert_eq!((said(&executed), &executed["response_bytes"]), (("cancelled", "client_gone"), &json!(4)));
}

#[test]
fn a_caller_that_leaves_before_the_answer_does_not_know_either() {
    let (tool, _go) = hesitant(b"");
    let gateway = Gateway::with(&Route::section(&[Route::crm(tool.address)]), OPEN).start();
    let mut client = gateway.client();
    client.send(READ);
    tool.wait();
    drop(client);
    assert_eq!(said(&execution(&gateway)), ("unknown_outcome", "client_gone"));
}

#[test]
fn a_gateway_that_stops_says_what_it_cut_off() {
    for (begins, result) in [(BEGUN, "failed"), (&b""[..], "unknown_outcome")] {
        let (tool, _go) = hesitant(begins);
        let config = format!(
            "gateway: {{listen: [{{address: \"127.0.0.1:0\"}}], timeouts: {{shutdown_grace_ms: 1}}}}\n{}",
            Route::section(&[Route::crm(tool.address)])
        );
        let mut gateway = Gateway::with(&config, OPEN).start();
        let mut client = gateway.client();
        client.send(READ);
        tool.wait();
        if !begins.is_empty() {
            client.read_until(b"half").unwrap();
        }
        assert!(gateway.stop().success());
        let executed = gateway.records_of("execution");
        assert_eq!(executed.len(), 1, "{executed:?}");
        assert_eq!(said(&executed[0]), (result, "interrupted"));
        // It is told, so there is nothing left to tell.
        let gateway = gateway.restart();
        assert!(gateway.records_of("reconciliation").is_empty());
    }
}

#[test]
fn what_is_only_watched_or_let_through_has_its_record_too_and_messages_have_one() {
    let tool = Tool::start();
    let routes = [
        Route::crm(tool.address).with("mode: shadow"),
        Route::tool_call("off", tool.address).with("mode: off"),
        Route::mcp("files", tool.address),
    ];
    let gateway = Gateway::with(&Route::section(&routes), CLOSED).start();
    assert_eq!(gateway.client().get("/crm/contacts/1").status, 200);
    assert_eq!(gateway.client().post_json("/off", "{\"tool\":\"read\",\"input\":{}}").status, 200);
    gateway.client().post_json("/files", r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read"}}"#;
    assert!(gateway.client().post_json("/files", call).text().contains("isError"));
    let executed = eventually("two execution records", || {
        Some(gateway.records_of("execution")).filter(|executed| executed.len() == 2)
    });
    let shadowed = executed.iter().find(|record| record["route"] == "crm").unwrap();
    assert_eq!(shadowed["decision_id"], gateway.records_of("decision")[0]["decision_id"]);
    let bypass = gateway.records_of("bypass").remove(0);
    let passed = executed.iter().find(|record| record["route"] == "off").unwrap();
    assert_eq!((&passed["request_id"], &passed["decision_id"]), (&bypass["request_id"], &Value::Null));
    assert_eq!((said(passed), &passed["capability"]), (("completed", ""), &json!("off.read")));
    assert_eq!(gateway.records_of("message").len(), 1);
}

#[test]
fn a_killed_gateway_leaves_a_call_that_the_next_start_tells_of_once() {
    let (tool, _go) = hesitant(b"");
    let mut gateway = Gateway::with(&Route::section(&[Route::crm(tool.address)]), OPEN).start();
    let mut client: Client = gateway.client();
    client.send(READ);
    tool.wait();
    gateway.kill();
    let decided = gateway.records_of("decision").remove(0);
    for _start in 0..2 {
        gateway = gateway.restart();
        let told = gateway.records_of("reconciliation");
        assert_eq!(told.len(), 1, "{told:?}");
        for member in ["tenant", "actor", "capability", "route", "decision_id", "request_id"] {
            assert_eq!(told[0][member], decided[member], "{member}");
        }
        assert_eq!(
            (&told[0]["result"], &told[0]["decided_seq"]),
            (&json!("outcome_unknown"), &decided["seq"])
        );
        assert!(gateway.verify().status.success());
        gateway.kill();
    }
    let verified = String::from_utf8(gateway.verify().stdout).unwrap();
    assert!(verified.contains("1 reconciliation outcome_unknown"), "{verified}");
}
