//! Heads of requests: what is malformed, smuggles, or asks for something else than is judged is refused.

use serde_json::json;

use crate::support::{Answer, Gateway, Route, Tool};

const OPEN: &str = "version: 1\nrules: [{name: all, approval: auto}]\n";

fn gateway(tool: &Tool) -> Gateway {
    let routes = [Route::crm(tool.address), Route::mcp("files", tool.address)];
    Gateway::with(&Route::section(&routes), OPEN).start()
}

/// Sends bytes on a connection of their own and reads the answer.
fn send(gateway: &Gateway, bytes: &[u8]) -> Option<Answer> {
    let mut client = gateway.client();
    client.send(bytes);
    client.answer()
}

#[test]
fn a_method_that_is_not_in_capitals_is_refused() {
    let tool = Tool::start();
    let gateway = gateway(&tool);
    for method in ["delete", "Delete", "gET"] {
        let answer = gateway.client().request(method, "/crm/contacts/1", &[], b"");
        assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("invalid_request")), "{method}");
    }
    assert_eq!(tool.count(), 0);
}

#[test]
fn headers_that_ask_for_another_method_or_target_are_refused() {
    let tool = Tool::start();
    let gateway = gateway(&tool);
    let mut client = gateway.client();
    for name in [
        "X-HTTP-Method-Override",
        "X_HTTP_Method_Override",
        "x-http-method_override",
        "X-HTTP-Method",
        "X-Method-Override",
        "X-Original-URL",
        "X_Original_URL",
        "X-Rewrite-URL",
        "X_REWRITE_URL",
        "Upgrade",
    ] {
        for path in ["/crm/contacts", "/files"] {
            let headers = [("Content-Type", "application/json"), (name, "DELETE")];
            let answer =
                client.request("POST", path, &headers, b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}");
            assert_eq!(
                (answer.status, &answer.json()["code"]),
                (400, &json!("invalid_request")),
                "{name} {path}"
            );
        }
    }
    let upgrade = "GET /crm/contacts/1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
    assert_eq!(send(&gateway, upgrade.as_bytes()).unwrap().status, 400);
    assert_eq!(tool.count(), 0);
}

#[test]
fn exactly_one_well_formed_host() {
    let tool = Tool::start();
    let gateway = gateway(&tool);
    for (hosts, accepted) in [
        ("Host: gateway.test\r\n", true),
        ("host: [::1]:8080\r\n", true),
        ("", false),
        ("Host:\r\n", false),
        ("Host: a\r\nHost: a\r\n", false),
        ("Host: a\r\nHost: b\r\n", false),
        ("Host: a b\r\n", false),
        ("Host: a, b\r\n", false),
        ("Host: user@a\r\n", false),
        ("Host: a/b\r\n", false),
        ("Host: a:80x\r\n", false),
        ("Host: [::1\r\n", false),
        ("Host: \u{e9}\r\n", false),
    ] {
        let answer = send(&gateway, format!("GET /crm/contacts/1 HTTP/1.1\r\n{hosts}\r\n").as_bytes());
        let status = answer.map(|answer| answer.status);
        assert_eq!(status, Some(if accepted { 200 } else { 400 }), "{hosts}");
    }
    assert_eq!(tool.count(), 2);
}

/// Whatever two servers could frame differently: refused, or forwarded as exactly one request framed by us.
#[test]
fn nothing_is_smuggled_behind_a_body() {
    let tool = Tool::start();
    let gateway = gateway(&tool);
    let smuggled = "DELETE /crm/contacts/9 HTTP/1.1\r\nHost: a\r\n\r\n";
    let chunked = format!("0\r\n\r\n{smuggled}");
    let bare_chunk = format!("{:x}\n{smuggled}\n0\n\n", smuggled.len());
    for (framing, body) in [
        ("Transfer-Encoding: gzip, chunked", chunked.as_str()),
        ("Transfer-Encoding: chunked, chunked", &chunked),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", &chunked),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", &chunked),
        ("Transfer-Encoding: identity", &chunked),
        ("Transfer-Encoding: xchunked", &chunked),
        ("Transfer-Encoding: gzip", &chunked),
        ("Transfer-Encoding: \"chunked\"", &chunked),
        ("Transfer-Encoding:\x0bchunked", &chunked),
        ("Transfer-Encoding : chunked", &chunked),
        ("Transfer-Encoding: chunked\r\n x", &chunked),
        ("Content-Length: 3\r\nContent-Length: 5", "{}\n\r\n"),
        ("Content-Length: 2, 2", "{}"),
        ("Content-Length: +2", "{}"),
        ("Content-Length: -1", "{}"),
        ("Content-Length: 0x2", "{}"),
        ("Content-Length: 2_0", "{}"),
        ("Content-Length: ", "{}"),
        ("Content-Length: 2\r\n\tx", "{}"),
        ("Transfer-Encoding: chunked", &bare_chunk),
        ("Transfer-Encoding: chunked", "zz\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "-2\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "2\r\n{}xx0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "fffffffffffffffff\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "0x2\r\n{}\r\n0\r\n\r\n"),
    ] {
        let request = format!("PUT /crm/contacts/1 HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n{body}");
        let mut client = gateway.client();
        client.send(request.as_bytes());
        let status = client.answer().map(|answer| answer.status);
        assert!(matches!(status, None | Some(400 | 413)), "{framing:?} {body:?}: {status:?}");
        // What follows is no request: the connection is of no use any more.
        assert!(client.answer().is_none(), "{framing:?} {body:?}: a second answer");
    }
    assert_eq!(tool.count(), 0, "{:?}", tool.seen());
}

#[test]
fn a_length_beside_chunks_decides_nothing() {
    let tool = Tool::start();
    let gateway = gateway(&tool);
    let mut client = gateway.client();
    client.send(
        b"PUT /crm/contacts/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n\
          2\r\n{}\r\n0\r\n\r\n",
    );
    match client.answer().map(|answer| answer.status) {
        Some(400) => assert_eq!(tool.count(), 0),
        status => {
            assert_eq!(status, Some(200));
            let seen = tool.only();
            assert_eq!((&seen.body[..], seen.header("content-length")), (&b"{}"[..], vec!["2".to_owned()]));
            assert!(seen.header("transfer-encoding").is_empty());
        }
    }
}

#[test]
fn malformed_heads_never_reach_the_tool() {
    let tool = Tool::start();
    let gateway = gateway(&tool);
    let long = "x".repeat(70_000);
    for head in [
        "GET /crm/contacts/1\r\nHost: a\r\n\r\n",
        "GET /crm/contacts/1 HTTP/3.7\r\nHost: a\r\n\r\n",
        "GET  /crm/contacts/1 HTTP/1.1\r\nHost: a\r\n\r\n",
        "G@T /crm/contacts/1 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /crm/contacts/1 HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n\r\n",
        "GET /crm/contacts/1 HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded\r\n\r\n",
        "GET /crm/contacts/1 HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
        "GET /crm/contacts/1 HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
        "GET /crm/contacts/1 HTTP/1.1\r\nHost: a\r\n: empty\r\n\r\n",
        &format!("GET /crm/contacts/1 HTTP/1.1\r\nHost: a\r\nX: {long}\r\n{}\r\n", "Y: 1\r\n".repeat(300)),
        "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n",
        "\x16\x03\x01\x02\0\x01\r\n\r\n",
    ] {
        let mut client = gateway.client();
        client.try_send(head.as_bytes());
        let status = client.answer().map(|answer| answer.status);
        let shown = &head[..head.len().min(80)];
        assert!(status.is_none_or(|status| (400..500).contains(&status)), "{shown:?}: {status:?}");
    }
    assert_eq!(tool.count(), 0, "{:?}", tool.seen());
    assert_eq!(gateway.client().get("/crm/contacts/1").status, 200);
}

#[test]
fn only_the_listed_hosts_are_served() {
    let tool = Tool::start();
    let section = format!(
        "gateway: {{listen: [{{address: \"127.0.0.1:0\"}}], hosts: [Gateway.test, \"[::1]\"]}}\n{}",
        Route::section(&[Route::crm(tool.address)])
    );
    let gateway = Gateway::with(&section, OPEN).start();
    for (host, status) in [
        ("gateway.test", 200),
        ("GATEWAY.test:8080", 200),
        ("[::1]:80", 200),
        ("evil.test", 421),
        ("127.0.0.1", 421),
        ("gateway.test.evil.test", 421),
    ] {
        let answer =
            send(&gateway, format!("GET /crm/contacts/1 HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes())
                .unwrap();
        assert_eq!(answer.status, status, "{host}: {}", answer.text());
        if status == 421 {
            assert_eq!(answer.json()["code"], "host_not_allowed", "{host}");
        }
    }
    // A target that names another host than Host does is not judged by the one and served by the other.
    let two = "GET http://gateway.test/crm/contacts/1 HTTP/1.1\r\nHost: evil.test\r\n\r\n";
    assert!(matches!(send(&gateway, two.as_bytes()).map(|answer| answer.status), None | Some(400 | 421)));
    let other = "GET http://evil.test/crm/contacts/1 HTTP/1.1\r\nHost: gateway.test\r\n\r\n";
    let status = send(&gateway, other.as_bytes()).map(|answer| answer.status);
    assert!(matches!(status, None | Some(400 | 421)), "{status:?}");
}

#[test]
fn foreign_origins_call_no_mcp_route() {
    let tool = Tool::start();
    let section = format!(
        "gateway: {{listen: [{{address: \"127.0.0.1:0\"}}], origins: [\"https://app.example\"]}}\n{}",
        Route::section(&[Route::mcp("files", tool.address), Route::crm(tool.address)])
    );
    let gateway = Gateway::with(&section, OPEN).start();
    let ping = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}";
    for (origin, status) in [
        ("https://app.example", 200),
        ("HTTPS://APP.example", 200),
        ("http://app.example", 403),
        ("https://app.example.evil.test", 403),
        ("https://app.example:8443", 403),
        ("http://evil.test", 403),
        ("http://127.0.0.1.evil.test", 403),
        ("http://localhost@evil.test", 403),
        ("null", 403),
        ("", 403),
    ] {
        let headers = [("Content-Type", "application/json"), ("Origin", origin)];
        let answer = gateway.client().request("POST", "/files", &headers, ping);
        assert_eq!(answer.status, status, "{origin}: {}", answer.text());
        if status == 403 {
            assert_eq!(answer.json()["code"], "origin_not_allowed", "{origin}");
        }
        let answer = gateway.client().request("GET", "/crm/contacts/1", &[("Origin", origin)], b"");
        assert_eq!(answer.status, 200, "{origin}");
    }
    let both =
        [("Content-Type", "application/json"), ("Origin", "https://app.example"), ("Origin", "http://evil")];
    assert_eq!(gateway.client().request("POST", "/files", &both, ping).status, 403);
}

#[test]
fn head_is_answered_without_a_body() {
    let tool = Tool::answering(|seen, stream| {
        let length = if seen.line().starts_with("HEAD") { "11\r\n\r\n" } else { "2\r\n\r\nok" };
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}");
        std::io::Write::write_all(stream, head.as_bytes()).unwrap();
    });
    let rules = "version: 1\nrules:\n- {name: first, match: {target: \"/crm/contacts/1\"}, approval: auto}\n\
                 - {name: reads, match: {type: crm.contacts.read, target: \"contact:*\"}, approval: auto}\n";
    let gateway = Gateway::with(&Route::section(&[Route::crm(tool.address)]), rules).start();
    let mut client = gateway.client();
    for (id, status) in [(1, "200"), (2, "403")] {
        client.send(format!("HEAD /crm/contacts/{id} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
        let head = String::from_utf8(client.read_until(b"\r\n\r\n").unwrap()).unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        // The next answer follows at once, so no body came with the head.
        let next = client.get("/crm/contacts/1");
        assert_eq!((next.status, next.text().as_str()), (200, "ok"));
    }
}

#[test]
fn a_header_spelled_with_underscores_does_not_reach_the_tool() {
    let tool = Tool::start();
    let gateway = Gateway::in_front_of(tool.address, crate::decisions::RULES).start();
    let headers = [("X_Tool_Key", "evil"), ("Content_Length", "7"), ("X-Plain", "kept")];
    assert_eq!(gateway.client().request("GET", "/crm/contacts/1", &headers, b"").status, 200);
    let seen = tool.only();
    let names: Vec<&str> =
        seen.head.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name).collect();
    assert!(names.iter().all(|name| !name.contains('_')), "{names:?}");
    assert_eq!(seen.header("x-plain"), ["kept"]);
}
