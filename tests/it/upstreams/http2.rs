//! HTTP/2 to tools, without TLS (prior knowledge).

use h2::Reason;
use serde_json::json;

use super::gateway;
use super::server::{Reply, Server, Speaks};
use crate::listeners::{Http2, to};
use crate::support::{Gateway, Route, eventually};

fn tool() -> Server {
    Server::start(Speaks { http2: true, ..Speaks::default() })
}

fn in_front_of(tool: &Server) -> Gateway {
    gateway(&format!(
        "addresses: [\"{}\"], http2: true, headers: {{Authorization: Bearer tool}}",
        tool.address
    ))
}

const JSON: (&str, &str) = ("Content-Type", "application/json");

#[test]
fn a_call_is_a_sound_http2_request() {
    let tool = tool();
    let gateway = in_front_of(&tool);
    let headers = [
        ("Connection", "keep-alive"),
        ("Keep-Alive", "timeout=5"),
        ("Proxy-Connection", "keep-alive"),
        ("TE", "trailers"),
        ("X-Kept", "yes"),
    ];
    let answer = gateway.client().request("GET", "/crm/1?a=b", &headers, b"");
    assert_eq!((answer.status, answer.text().as_str()), (200, "{\"ok\":true}"));
    let seen = tool.calls().remove(0);
    assert_eq!(seen.version, "HTTP/2.0");
    assert_eq!(seen.target, format!("http://{}/crm/1?a=b", gateway.address));
    assert_eq!((seen.header("x-kept"), seen.header("authorization")), (Some("yes"), Some("Bearer tool")));
    assert!(seen.header("x-aegis-decision-id").is_some());
    for name in ["host", "connection", "keep-alive", "proxy-connection", "te", "transfer-encoding"] {
        assert_eq!(seen.header(name), None, "{name}");
    }
}

#[test]
fn the_authority_is_the_host_that_is_configured() {
    let tool = tool();
    let gateway =
        gateway(&format!("addresses: [\"{}\"], http2: true, host: \"tool.example:1\"", tool.address));
    // A long body takes another way through Pingora.
    for body in [2, 100_000].map(|length| format!("\"{}\"", "x".repeat(length))) {
        assert_eq!(gateway.client().request("POST", "/crm/1", &[JSON], body.as_bytes()).status, 200);
        assert_eq!(tool.calls().last().unwrap().target, "http://tool.example:1/crm/1");
    }
}

#[test]
fn bodies_of_every_length_and_framing_arrive_whole() {
    let tool = tool();
    let gateway = in_front_of(&tool);
    let mut client = gateway.client();
    let mut sent = 0;
    for length in [0, 1, 65_536, 65_537, 102_400, 1_048_574] {
        let body = if length == 0 { String::new() } else { format!("\"{}\"", "x".repeat(length)) };
        let body = &body.as_bytes()[..body.len().min(1_048_576)];
        for chunked in [false, true] {
            if chunked {
                client.send(b"POST /crm/1 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
                for chunk in body.chunks(50_000) {
                    client.send(format!("{:x}\r\n", chunk.len()).as_bytes());
                    client.send(chunk);
                    client.send(b"\r\n");
                }
                client.send(b"0\r\n\r\n");
                assert_eq!(client.answer().unwrap().status, 200, "{length} chunked");
            } else {
                assert_eq!(client.request("POST", "/crm/1", &[JSON], body).status, 200, "{length}");
            }
            sent += 1;
            let seen = tool.calls();
            assert_eq!(seen.len(), sent);
            let last = seen.last().unwrap();
            assert_eq!(last.header("content-length"), Some(body.len().to_string().as_str()));
            assert!(last.body == body, "{length} chunked: {chunked}");
        }
    }
    // One connection for all of them.
    assert_eq!(tool.connections(), 1);
}

#[test]
fn calls_at_once_share_a_connection() {
    let tool = tool();
    let gateway = in_front_of(&tool);
    tool.reply([Reply::Stream, Reply::Ok]);
    let mut open = gateway.client();
    open.send(b"GET /crm/stream HTTP/1.1\r\nHost: a\r\n\r\n");
    open.read_until(b"\r\n\r\n").unwrap();
    for _ in 0..5 {
        assert_eq!(gateway.client().get("/crm/1").status, 200);
    }
    assert_eq!((tool.calls().len(), tool.connections()), (6, 1));
    tool.say("");
    open.read_until(b"0\r\n\r\n").unwrap();
}

#[test]
fn events_pass_one_by_one_and_trailers_end_with_the_stream() {
    let tool = tool();
    let gateway = in_front_of(&tool);
    tool.reply([Reply::Stream, Reply::Ok]);
    let mut client = gateway.client();
    client.send(b"GET /crm/stream HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n");
    let head = String::from_utf8(client.read_until(b"\r\n\r\n").unwrap()).unwrap();
    assert!(head.starts_with("HTTP/1.1 200") && head.to_lowercase().contains("text/event-stream"), "{head}");
    for event in ["data: 1\n\n", "data: 2\n\n"] {
        tool.say(event);
        client.read_until(event.as_bytes()).unwrap();
    }
    tool.say("");
    client.read_until(b"0\r\n\r\n").unwrap();
    // The connection serves on.
    assert_eq!(client.get("/crm/1").status, 200);
}

#[test]
fn what_a_tool_refuses_is_502_and_not_sent_again() {
    for reply in [
        Reply::Reset(Reason::REFUSED_STREAM),
        Reply::Reset(Reason::INTERNAL_ERROR),
        Reply::Reset(Reason::HTTP_1_1_REQUIRED),
        Reply::GoAway,
    ] {
        for method in ["GET", "PUT"] {
            let tool = tool();
            let gateway = in_front_of(&tool);
            assert_eq!(gateway.client().get("/crm/1").status, 200);
            tool.reply([reply.clone(), Reply::Ok]);
            let answer = gateway.client().request(method, "/crm/2", &[JSON], b"{}");
            assert_eq!(answer.status, 502, "{reply:?} {method}: {}", answer.text());
            assert_eq!(answer.json()["code"], "upstream_failed");
            assert_eq!(tool.calls().len(), 2, "{reply:?} {method}");
            // The next call finds a way.
            eventually("another call", || (gateway.client().get("/crm/3").status == 200).then_some(()));
        }
    }
}

#[test]
fn a_tool_that_does_not_speak_it_is_502() {
    let tool = Server::start(Speaks::default());
    let gateway = in_front_of(&tool);
    assert_eq!(gateway.client().get("/crm/1").status, 502);
    assert!(tool.calls().is_empty());
}

#[test]
fn mcp_is_served_over_it() {
    let tool = tool();
    let address = tool.address.parse().unwrap();
    let section = Route::section(&[Route::mcp("files", address).upstream("http2: true")]);
    let gateway = Gateway::with(&section, super::OPEN).start();
    let call =
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "read"}}).to_string();
    assert_eq!(gateway.client().post_json("/files", &call).status, 200);
    let seen = tool.calls().remove(0);
    assert!(seen.target.ends_with("/tool") && seen.body == call.as_bytes(), "{seen:?}");
}

/// Callers of either version, with and without a body, and where the answer is looked at: each takes another way through Pingora.
#[test]
fn callers_of_either_version_reach_it_with_and_without_a_body() {
    let tool = tool();
    let plain = format!("addresses: [\"{}\"], http2: true", tool.address);
    for more in ["", "  response: {redact: [/secret], max_bytes: 1000}\n"] {
        let gateway = Gateway::with(&(super::routes(&plain) + more), super::OPEN).start();
        let http2 = Http2::connect(gateway.address);
        for (method, body) in [
            ("GET", ""),
            ("POST", ""),
            ("POST", "{\"a\":1}"),
            ("POST", &format!("\"{}\"", "x".repeat(200_000))),
        ] {
            let answer = gateway.client().request(method, "/crm/1", &[JSON], body.as_bytes());
            assert_eq!(
                (answer.status, answer.text().as_str()),
                (200, "{\"ok\":true}"),
                "{method} {} {more}",
                body.len()
            );
            assert_eq!(tool.calls().last().unwrap().body.len(), body.len());
            let mut request = to(method, "/crm/1");
            request.headers_mut().insert("content-type", "application/json".parse().unwrap());
            let (head, said) = http2.request(request, body.as_bytes()).unwrap();
            assert_eq!(
                (head.status().as_u16(), &*said),
                (200, &b"{\"ok\":true}"[..]),
                "{method} {} {more}",
                body.len()
            );
            assert_eq!(tool.calls().last().unwrap().body.len(), body.len());
        }
        assert!(gateway.records_of("execution").iter().all(|record| record["result"] == "completed"));
    }
}

/// They are dropped, and what they stand behind arrives.
#[test]
fn trailers_of_a_request_do_not_keep_its_body_back() {
    let tool = tool();
    let gateway = in_front_of(&tool);
    let client = Http2::connect(gateway.address);
    let mut requests = client.requests.clone();
    let (response, mut sending) = requests.send_request(to("POST", "/crm/1"), false).unwrap();
    sending.send_data("body".into(), false).unwrap();
    sending.send_trailers([("x-late".parse().unwrap(), "1".parse().unwrap())].into_iter().collect()).unwrap();
    assert_eq!(client.runtime.block_on(response).unwrap().status().as_u16(), 200);
    assert_eq!(tool.calls().remove(0).body, b"body");
}
