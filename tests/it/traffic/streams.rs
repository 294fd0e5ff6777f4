//! Responses pass as they come, piece by piece and byte for byte, and end when either side leaves.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use crate::support::{Gateway, Route, Tool, respond};

const OPEN: &str = "version: 1\nrules: [{name: all, approval: auto}]\n";

const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"watch"}}"#;

/// A tool that writes the first of `pieces` at once and each further one when it is told to, and then says when the
/// other side has gone.
fn in_pieces(pieces: &'static [&'static str]) -> (Tool, Sender<()>, Receiver<()>) {
    let (go, told) = channel();
    let (gone, left) = channel();
    let told = Mutex::new(told);
    let tool = Tool::answering(move |_, stream| {
        for (number, piece) in pieces.iter().enumerate() {
            if number > 0 && told.lock().unwrap().recv().is_err() {
                break;
            }
            let _gone = stream.write_all(piece.as_bytes());
        }
        if told.lock().unwrap().recv().is_ok() {
            wait_until_gone(stream);
            let _nobody_waits = gone.send(());
        }
    });
    (tool, go, left)
}

fn wait_until_gone(stream: &mut TcpStream) {
    while matches!(stream.read(&mut [0; 1024]), Ok(1..)) {}
}

fn post(path: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{CALL}",
        CALL.len()
    )
    .into_bytes()
}

const SSE: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

#[test]
fn the_first_event_arrives_before_the_second_is_written() {
    let chunked = &[SSE, "9\r\ndata: 1\n\n\r\n", "9\r\ndata: 2\n\n\r\n", "0\r\n\r\n"];
    let until_closed = &[
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n",
        "data: 1\n\n",
        "data: 2\n\n",
    ];
    for (what, pieces) in [("chunked", &chunked[..]), ("until closed", until_closed)] {
        let (tool, go, _left) = in_pieces(pieces);
        let gateway = Gateway::with(&Route::section(&[Route::mcp("files", tool.address)]), OPEN).start();
        let mut client = gateway.client();
        client.send(&post("/files"));
        let head = String::from_utf8(client.read_until(b"\r\n\r\n").unwrap()).unwrap();
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{what}: {head}");
        for event in ["data: 1\n\n", "data: 2\n\n"] {
            go.send(()).unwrap();
            assert!(client.read_until(event.as_bytes()).is_some(), "{what}: {event}");
        }
        if what == "chunked" {
            go.send(()).unwrap();
            assert!(client.read_until(b"0\r\n\r\n").is_some());
        }
    }
}

#[test]
fn a_response_is_left_as_it_is() {
    let body: Vec<u8> = (0..=255_u8).cycle().take(300_000).collect();
    let sent = body.clone();
    let tool = Tool::answering(move |_, stream| {
        let head = "HTTP/1.1 299 Odd But Fine\r\nX-CaSe: Kept\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nServer: tool/1\r\n\
                    X-Empty:\r\nX-Aegis-Echo: from the tool\r\nContent-Encoding: gzip\r\nCache-Control: public\r\n\
                    Content-Type: application/x-odd;  charset=\"x\"\r\nX-Latin: caf\u{e9}\r\n";
        let length = format!("Content-Length: {}\r\n\r\n", sent.len());
        let _gone = stream.write_all(&[head.as_bytes(), length.as_bytes(), &sent].concat());
    });
    let gateway = Gateway::with(&Route::section(&[Route::crm(tool.address)]), OPEN).start();
    let mut client = gateway.client();
    let headers = [("Accept-Encoding", "gzip"), ("Range", "bytes=0-1"), ("If-None-Match", "\"x\"")];
    for _ in 0..2 {
        let answer = client.request("GET", "/crm/contacts/1", &headers, b"");
        assert_eq!(answer.status, 299);
        assert!(answer.body == body, "{} bytes", answer.body.len());
        let mut told = answer.headers.clone();
        // What a connection needs is the gateway's own.
        told.retain(|(name, _)| {
            !name.eq_ignore_ascii_case("connection") && !name.eq_ignore_ascii_case("date")
        });
        told.sort();
        let length = body.len().to_string();
        let mut expected = [
            ("X-CaSe", "Kept"),
            ("Set-Cookie", "a=1"),
            ("Set-Cookie", "b=2"),
            ("Server", "tool/1"),
            ("X-Empty", ""),
            ("X-Aegis-Echo", "from the tool"),
            ("Content-Encoding", "gzip"),
            ("Cache-Control", "public"),
            ("Content-Type", "application/x-odd;  charset=\"x\""),
            ("X-Latin", "caf\u{e9}"),
            ("Content-Length", length.as_str()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        expected.sort();
        assert_eq!(told, expected);
    }
    let seen = tool.seen();
    assert_eq!(
        (seen[0].header("range"), seen[0].header("accept-encoding")),
        (vec!["bytes=0-1".into()], vec!["gzip".into()])
    );
}

#[test]
fn answers_without_a_body_and_errors_of_the_tool_pass() {
    let tool = Tool::answering(|seen, stream| {
        let status =
            seen.line().rsplit('/').nth(1).and_then(|rest| rest.strip_suffix(" HTTP")).unwrap().to_owned();
        match status.as_str() {
            "204" | "304" => {
                drop(stream.write_all(format!("HTTP/1.1 {status} X\r\nETag: \"e\"\r\n\r\n").as_bytes()))
            }
            "103" => {
                let hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
                drop(stream.write_all(hints));
            }
            _ => respond(stream, &format!("{status} X"), "text/html", b"<p>tool</p>"),
        }
    });
    let gateway = Gateway::with(&Route::section(&[Route::crm(tool.address)]), OPEN).start();
    let mut client = gateway.client();
    for (status, body) in [
        (204, ""),
        (304, ""),
        (301, "<p>tool</p>"),
        (401, "<p>tool</p>"),
        (404, "<p>tool</p>"),
        (500, "<p>tool</p>"),
        (503, "<p>tool</p>"),
    ] {
        let answer = client.get(&format!("/crm/contacts/{status}"));
        assert_eq!((answer.status, answer.text().as_str()), (status, body));
    }
    let hinted = client.get("/crm/contacts/103");
    assert_eq!((hinted.status, hinted.text().as_str()), (200, "ok"));
}

#[test]
fn a_caller_that_leaves_ends_the_tools_stream() {
    let (tool, go, left) = in_pieces(&[SSE, "9\r\ndata: 1\n\n\r\n"]);
    let gateway = Gateway::with(&Route::section(&[Route::mcp("files", tool.address)]), OPEN).start();
    let mut client = gateway.client();
    client.send(&post("/files"));
    go.send(()).unwrap();
    client.read_until(b"data: 1\n\n").unwrap();
    drop(client);
    go.send(()).unwrap();
    left.recv().unwrap();
}

#[test]
fn a_caller_that_leaves_before_the_answer_ends_the_call() {
    let (gone, left) = channel();
    let tool = Tool::answering(move |_, stream| {
        wait_until_gone(stream);
        let _nobody_waits = gone.send(());
    });
    let gateway = Gateway::with(&Route::section(&[Route::mcp("files", tool.address)]), OPEN).start();
    let mut client = gateway.client();
    client.send(&post("/files"));
    tool.wait();
    drop(client);
    left.recv().unwrap();
    assert_eq!(tool.count(), 1);
}

/// Requests sent without waiting for answers: whatever is answered is answered in order, and nothing else reaches the tool.
#[test]
fn a_request_that_comes_early_is_answered_in_order_or_not_at_all() {
    let tool =
        Tool::answering(|seen, stream| respond(stream, "200 OK", "text/plain", seen.line().as_bytes()));
    let gateway = Gateway::with(&Route::section(&[Route::crm(tool.address)]), OPEN).start();
    let mut client = gateway.client();
    let request = |id: u32| format!("GET /crm/contacts/{id} HTTP/1.1\r\nHost: a\r\n\r\n");
    client.send([request(1), request(2), request(3)].concat().as_bytes());
    let mut answered = Vec::new();
    while let Some(answer) = client.answer() {
        assert_eq!(answer.status, 200, "{}", answer.text());
        answered.push(answer.text());
    }
    assert!(!answered.is_empty());
    assert_eq!(tool.seen().iter().map(|seen| seen.line().to_owned()).collect::<Vec<_>>(), answered);
}

/// Calls one after the other, each of which must get the answer to itself; returns how many connections the tool saw.
fn connections_for(tool: &Tool) -> usize {
    let gateway = Gateway::with(&Route::section(&[Route::crm(tool.address)]), OPEN).start();
    let mut client = gateway.client();
    for call in 0..5 {
        let answer = match call % 2 {
            0 => client.post_json("/crm/contacts", &format!("{{\"call\":{call}}}")),
            _ => client.get("/crm/contacts/1"),
        };
        assert_eq!((answer.status, answer.text().as_str()), (200, "{\"ok\":true}"), "call {call}");
    }
    assert_eq!(tool.count(), 5);
    tool.connections()
}

#[test]
fn calls_share_a_connection_to_the_tool() {
    assert_eq!(connections_for(&Tool::start()), 1);
}

#[test]
fn a_connection_the_tool_ends_is_not_used_again() {
    let tool = Tool::answering(|_, stream| {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\nConnection: close\r\n\r\n{\"ok\":true}";
        let _gone = stream.write_all(answer);
        let _gone = stream.shutdown(std::net::Shutdown::Both);
    });
    assert_eq!(connections_for(&tool), 5);
}

/// What a tool sends behind its answer must never become the answer to another call.
#[test]
fn bytes_behind_an_answer_are_nobody_s_answer() {
    let tool = Tool::answering(|_, stream| {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"ok\":true}\
                       HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"forged\":true}";
        let _gone = stream.write_all(answer);
    });
    assert_eq!(connections_for(&tool), 5);
}

/// A tool that does something to the connection once its answer has reached the caller: the next call must not notice.
fn after_the_answer(spoil: fn(&mut TcpStream)) {
    let (go, told) = channel();
    let (spoilt, done) = channel();
    let told = Mutex::new(told);
    let tool = Tool::answering(move |_, stream| {
        respond(stream, "200 OK", "application/json", b"{\"ok\":true}");
        if told.lock().unwrap().recv().is_ok() {
            spoil(stream);
            let _unneeded = spoilt.send(());
        }
    });
    let gateway = Gateway::with(&Route::section(&[Route::crm(tool.address)]), OPEN).start();
    let mut client = gateway.client();
    for call in 0..3 {
        let answer = client.get("/crm/contacts/1");
        assert_eq!((answer.status, answer.text().as_str()), (200, "{\"ok\":true}"), "call {call}");
        go.send(()).unwrap();
        done.recv().unwrap();
    }
    assert_eq!((tool.count(), tool.connections()), (3, 3));
}

#[test]
fn an_answer_nobody_asked_for_is_not_the_next_caller_s() {
    after_the_answer(|stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"forged\":true}").unwrap();
    });
}

#[test]
fn a_connection_closed_after_the_answer_costs_no_call() {
    after_the_answer(|stream| stream.shutdown(std::net::Shutdown::Both).unwrap());
}

/// An answer to HEAD has no body, whatever the tool sends behind its head.
#[test]
fn a_body_behind_the_answer_to_head_is_nobody_s_answer() {
    let tool = Tool::answering(|_, stream| respond(stream, "200 OK", "application/json", b"{\"ok\":true}"));
    let gateway = Gateway::with(&Route::section(&[Route::crm(tool.address)]), OPEN).start();
    for _ in 0..3 {
        let mut head = gateway.client();
        head.send(b"HEAD /crm/contacts/1 HTTP/1.1\r\nHost: gateway.test\r\nConnection: close\r\n\r\n");
        assert!(head.read_all().starts_with(b"HTTP/1.1 200 "));
        let answer = gateway.client().get("/crm/contacts/1");
        assert_eq!((answer.status, answer.text().as_str()), (200, "{\"ok\":true}"));
    }
}
