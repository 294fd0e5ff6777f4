//! HTTP/2 without TLS: the same judgment, the same answers, and limits on every wait.

use std::io::{Read, Write};

use bytes::Bytes;
use serde_json::Value;

use crate::listeners::client::{Http2, exchange, to};
use crate::listeners::{RULES, listening};
use crate::support::{Gateway, Route, Tool, eventually, refused_json};

fn gateway(tool: &Tool, more: &str) -> Gateway {
    listening(tool, "{address: \"127.0.0.1:0\"}", more).start()
}

/// One that takes bodies of 8 MiB.
fn large(tool: &Tool) -> Gateway {
    let config = format!(
        "version: 1\ndata_dir: data\ncontrol: {{listen: \"127.0.0.1:0\"}}\n\
         audit: {{durability: process, segment_bytes: 33554432}}\npolicy: {{rules: rules.yaml}}\n\
         gateway: {{listen: [{{address: \"127.0.0.1:0\"}}], max_body_bytes: 8400000}}\n{}",
        Route::section(&[Route::crm(tool.address)])
    );
    Gateway::configured(&config).file("rules.yaml", RULES).start()
}

fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}

#[test]
fn calls_are_forwarded_and_refused_on_one_connection() {
    let tool = Tool::start();
    let gateway = gateway(&tool, "");
    let client = Http2::connect(gateway.address);
    for _ in 0..3 {
        let (head, body) = client.request(to("GET", "/crm/contacts/7?full=1"), b"").unwrap();
        assert_eq!((head.status().as_u16(), body.as_slice()), (200, &b"{\"ok\":true}"[..]));
        let (head, body) = client.request(to("DELETE", "/crm/contacts/7"), b"").unwrap();
        assert_eq!((head.status().as_u16(), &json(&body)["code"]), (403, &"rule_denied".into()));
    }
    assert_eq!(tool.count(), 3);
    let seen = &tool.seen()[0];
    assert_eq!(seen.line(), "GET /crm/contacts/7?full=1 HTTP/1.1");
    // What HTTP/2 calls the authority is the Host that was judged.
    assert_eq!(seen.header("host"), ["x"]);
}

#[test]
fn streams_of_one_connection_do_not_wait_for_each_other() {
    let (tool, release) = Tool::waiting();
    let gateway = gateway(&tool, "");
    let client = Http2::connect(gateway.address);
    let waiting = client.runtime.spawn(exchange(client.requests.clone(), to("GET", "/crm/contacts/1"), b""));
    tool.wait();
    let (head, _) = client.request(to("DELETE", "/crm/contacts/1"), b"").unwrap();
    assert_eq!(head.status().as_u16(), 403);
    release.send(()).unwrap();
    let (head, body) = client.runtime.block_on(waiting).unwrap().unwrap();
    assert_eq!((head.status().as_u16(), body.as_slice()), (200, &b"{\"late\":true}"[..]));
}

#[test]
fn bodies_of_any_length_arrive_as_they_were_sent() {
    let tool = Tool::start();
    let gateway = large(&tool);
    let client = Http2::connect(gateway.address);
    for (index, bytes) in [1, 65_536, 65_537, 102_400, 524_288, 1_048_576, 8_388_608].into_iter().enumerate()
    {
        for announced in [true, false] {
            let body: Vec<u8> = (0..bytes).map(|at| b'a' + u8::try_from(at % 23).unwrap()).collect();
            let mut request = to("POST", "/crm/contacts");
            request.headers_mut().insert("content-type", "text/plain".parse().unwrap());
            if announced {
                request.headers_mut().insert("content-length", bytes.into());
            }
            let (head, _) = client.request(request, &body).unwrap();
            assert_eq!(head.status().as_u16(), 200, "{bytes} bytes, announced: {announced}");
            let seen = tool.seen().pop().unwrap();
            assert_eq!(seen.header("content-length"), [bytes.to_string()], "{index}");
            assert!(seen.header("transfer-encoding").is_empty() && seen.body == body, "{bytes} bytes");
        }
    }
}

#[test]
fn a_body_over_the_limit_is_refused_without_losing_the_answer() {
    let tool = Tool::start();
    let gateway = gateway(&tool, ", max_body_bytes: 1000");
    let client = Http2::connect(gateway.address);
    for announced in [true, false] {
        let body = vec![b'a'; 3_000_000];
        let mut request = to("POST", "/crm/contacts");
        if announced {
            request.headers_mut().insert("content-length", body.len().into());
        }
        let (head, answer) = client.request(request, &body).unwrap();
        assert_eq!((head.status().as_u16(), &json(&answer)["code"]), (413, &"body_too_large".into()));
    }
    // The connection serves on.
    let (head, _) = client.request(to("GET", "/crm/contacts/1"), b"").unwrap();
    assert_eq!((head.status().as_u16(), tool.count()), (200, 1));
}

#[test]
fn a_length_that_is_not_the_bodys_is_no_request() {
    let tool = Tool::start();
    let gateway = gateway(&tool, "");
    let client = Http2::connect(gateway.address);
    for length in [0, 3, 5] {
        let mut request = to("POST", "/crm/contacts");
        request.headers_mut().insert("content-length", length.into());
        assert!(client.request(request, b"four").is_err_and(|error| error.is_reset()), "{length}");
    }
    assert_eq!(tool.count(), 0);
}

#[test]
fn a_body_that_does_not_come_is_refused_in_time() {
    let tool = Tool::start();
    let gateway = gateway(&tool, ", timeouts: {body_ms: 50}");
    let client = Http2::connect(gateway.address);
    let mut requests = client.requests.clone();
    let (response, mut sending) = requests.send_request(to("POST", "/crm/contacts"), false).unwrap();
    client.runtime.block_on(async {
        sending.send_data(Bytes::from_static(b"half"), false).unwrap();
        assert_eq!(response.await.unwrap().status().as_u16(), 408);
    });
    assert_eq!(tool.count(), 0);
}

#[test]
fn a_tool_that_does_not_answer_is_given_up_in_time() {
    let (tool, _release) = Tool::waiting();
    let routes = Route::section(&[Route::crm(tool.address).upstream("read_ms: 50")]);
    let gateway = Gateway::with(&routes, RULES).start();
    let client = Http2::connect(gateway.address);
    let (head, body) = client.request(to("GET", "/crm/contacts/1"), b"").unwrap();
    assert_eq!((head.status().as_u16(), &json(&body)["code"]), (504, &"upstream_timeout".into()));
}

#[test]
fn a_caller_that_gives_up_a_stream_ends_the_call_to_the_tool() {
    let (tell, ended) = std::sync::mpsc::channel();
    let tell = std::sync::Mutex::new(tell);
    let tool = Tool::answering(move |_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n").unwrap();
        // Nothing more comes but the end of the connection.
        let read = stream.read(&mut [0]).unwrap_or(0);
        tell.lock().unwrap().send(read).unwrap();
    });
    let gateway = gateway(&tool, "");
    let client = Http2::connect(gateway.address);
    let mut requests = client.requests.clone();
    let (response, _) = requests.send_request(to("GET", "/crm/contacts/1"), true).unwrap();
    client.runtime.block_on(async {
        let mut body = response.await.unwrap().into_body();
        assert!(body.data().await.unwrap().unwrap().starts_with(b"one"));
        drop(body);
    });
    assert_eq!(ended.recv().unwrap(), 0);
}

#[test]
fn what_http2_allows_no_request_to_be_never_reaches_the_tool() {
    let tool = Tool::start();
    let gateway = gateway(&tool, "");
    let client = Http2::connect(gateway.address);
    for (method, target, header, status) in [
        ("GET", "/crm/%2e%2e/contacts/1", None, 400),
        ("GET", "/crm//contacts;x/1", None, 400),
        ("POST", "/crm/contacts", Some(("x-http-method-override", "DELETE")), 400),
        ("POST", "/crm/contacts", Some(("content-encoding", "gzip")), 400),
        ("POST", "/crm/contacts", Some(("x_http_method_override", "DELETE")), 400),
        ("GET", "/crm/contacts%2F1", None, 400),
        ("GET", "/crm/contacts/1%00", None, 400),
        ("GET", "/crm/contacts/%252e", None, 400),
        ("GET", "/crm/../crm/contacts/1", None, 400),
        ("GET", "/crm/contacts%5C1", None, 400),
    ] {
        let mut request = to(method, target);
        if let Some((name, value)) = header {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let (head, _) = client.request(request, b"").unwrap();
        assert_eq!(head.status().as_u16(), status, "{method} {target} {header:?}");
    }
    for (what, body) in refused_json() {
        let mut request = to("POST", "/crm/contacts");
        request.headers_mut().insert("content-type", "application/json".parse().unwrap());
        let (head, answer) = client.request(request, &body).unwrap();
        assert_eq!((head.status().as_u16(), &json(&answer)["code"]), (400, &"invalid_json".into()), "{what}");
    }
    assert_eq!(tool.count(), 0);
}

#[test]
fn a_listener_without_http2_takes_its_preface_for_a_broken_request() {
    let tool = Tool::start();
    let gateway = listening(&tool, "{address: \"127.0.0.1:0\", http2: false}", "").start();
    let mut client = gateway.client();
    client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assert!(client.answer().is_none_or(|answer| answer.status == 400));
    assert_eq!(gateway.client().get("/crm/contacts/1").status, 200);
}

#[test]
fn an_idle_connection_is_closed_in_time_and_a_stop_waits_only_for_open_streams() {
    let (tool, release) = Tool::waiting();
    let mut gateway = gateway(&tool, ", timeouts: {shutdown_grace_ms: 3600000}");
    let idle = Http2::connect(gateway.address);
    let (head, _) = idle.request(to("DELETE", "/crm/contacts/1"), b"").unwrap();
    assert_eq!(head.status().as_u16(), 403);
    let busy = Http2::connect(gateway.address);
    let waiting = busy.runtime.spawn(exchange(busy.requests.clone(), to("GET", "/crm/contacts/1"), b""));
    tool.wait();
    gateway.signal("TERM");
    eventually("no new connections", || std::net::TcpStream::connect(gateway.address).is_err().then_some(()));
    release.send(()).unwrap();
    let (head, _) = busy.runtime.block_on(waiting).unwrap().unwrap();
    assert_eq!(head.status().as_u16(), 200);
    let status = eventually("the end", || gateway.ended());
    assert!(status.success(), "{status}: {}", gateway.log());
}
