//! What is no message of the session era, or no message at all.

use serde_json::{Value, json};

use crate::support::{Gateway, Route, Tool};

const OPEN: &str = "version: 1\nrules: [{name: all, approval: auto}]\n";

const JSON: (&str, &str) = ("Content-Type", "application/json");

fn gateway(tool: &Tool) -> Gateway {
    let routes = [Route::mcp("files", tool.address), Route::tool_call("call", tool.address)];
    Gateway::with(&Route::section(&routes), OPEN).start()
}

#[test]
fn messages_that_break_json_rpc_are_refused_and_recorded() {
    let tool = Tool::start();
    let gateway = gateway(&tool);
    let mut client = gateway.client();
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}"#;
    let cases = [
        (format!("[{call}]"), -32600, Value::Null),
        (format!("[{call},{call}]"), -32600, Value::Null),
        ("[]".to_owned(), -32600, Value::Null),
        ("\"x\"".to_owned(), -32600, Value::Null),
        ("{}".to_owned(), -32600, Value::Null),
        (r#"{"id":1,"method":"ping"}"#.to_owned(), -32600, json!(1)),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#.to_owned(), -32600, json!(1)),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#.to_owned(), -32600, Value::Null),
        (r#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#.to_owned(), -32600, Value::Null),
        (r#"{"jsonrpc":"2.0","id":1,"method":7}"#.to_owned(), -32600, json!(1)),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}"#.to_owned(), -32600, json!(1)),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#.to_owned(), -32600, json!(1)),
        (r#"{"jsonrpc":"2.0","id":1}"#.to_owned(), -32600, json!(1)),
        // A response belongs to a session.
        (r#"{"jsonrpc":"2.0","id":4,"result":{}}"#.to_owned(), -32600, json!(4)),
        (r#"{"jsonrpc":"2.0","id":"m","method":"tools/delete"}"#.to_owned(), -32601, json!("m")),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/Call","params":{}}"#.to_owned(), -32601, json!(1)),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tasks/get"}"#.to_owned(), -32601, json!(1)),
        (r#"{"jsonrpc":"2.0","id":1,"method":""}"#.to_owned(), -32601, json!(1)),
        (String::new(), -32700, Value::Null),
    ];
    for (body, code, id) in &cases {
        let answer = client.request("POST", "/files", &[JSON], body.as_bytes());
        let said = answer.json();
        assert_eq!((answer.status, answer.header("content-type")), (400, Some("application/json")), "{body}");
        assert_eq!(
            (&said["jsonrpc"], &said["error"]["code"]),
            (&json!("2.0"), &json!(code)),
            "{body}: {said}"
        );
        if !id.is_null() {
            assert_eq!(&said["id"], id, "{body}: {said}");
        }
        assert!(said["error"]["data"]["code"].is_string(), "{said}");
    }
    // The answer to a notification has no body, so a call without an id is refused by the status.
    let answer = client.request("POST", "/files", &[JSON], call.replace("\"id\":1,", "").as_bytes());
    assert_eq!((answer.status, &answer.json()["error"]["code"]), (403, &json!(-32600)));
    assert_eq!(tool.count(), 0);
    let records = gateway.records_of("refusal");
    assert_eq!(records.len(), cases.len() + 1);
    assert!(records.iter().all(|record| record["actor"] == "dev" && record["route"] == "files"));
}

#[test]
fn versions_that_are_not_spoken_are_answered_with_those_that_are() {
    let tool = Tool::start();
    let gateway = gateway(&tool);
    let mut client = gateway.client();
    let ping = r#"{"jsonrpc":"2.0","id":"d","method":"ping"}"#;
    for version in ["2024-11-05", "", "2026-07-29", "2026-07-28 2025-11-25", "\u{e9}"] {
        let answer =
            client.request("POST", "/files", &[JSON, ("MCP-Protocol-Version", version)], ping.as_bytes());
        let said = answer.json();
        assert_eq!((answer.status, &said["error"]["code"]), (400, &json!(-32022)), "{version}: {said}");
        let data = &said["error"]["data"];
        let spoken = json!(["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"]);
        assert_eq!((&said["id"], &data["supported"]), (&json!("d"), &spoken), "{said}");
        assert_eq!(data["requested"], version, "{said}");
    }
    assert_eq!(tool.count(), 0);
    for version in ["2025-11-25", "2025-06-18", "2025-03-26"] {
        let headers = [JSON, ("MCP-Protocol-Version", version)];
        assert_eq!(client.request("POST", "/files", &headers, ping.as_bytes()).status, 200);
    }
}

/// What the stateless era knows is not believed in a session, nor two versions: judged by the one, it would be read by the
/// tool as the other.
#[test]
fn the_eras_are_not_mixed() {
    let tool = Tool::start();
    let gateway = gateway(&tool);
    let mut client = gateway.client();
    let message =
        |method: &str| format!(r#"{{"jsonrpc":"2.0","id":"d","method":"{method}","params":{{"name":"x"}}}}"#);
    let claiming = r#"{"jsonrpc":"2.0","id":"d","method":"tools/call","params":{"name":"x","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
    let session = ("MCP-Protocol-Version", "2025-11-25");
    let stateless = ("MCP-Protocol-Version", "2026-07-28");
    for (body, headers, code) in [
        (message("tools/call"), &[("Mcp-Method", "tools/call")][..], -32020),
        (message("tools/call"), &[("Mcp-Method", "ping")], -32020),
        (message("initialize"), &[("Mcp-Method", "ping"), session], -32020),
        (message("initialize"), &[("Mcp-Method", "initialize"), ("Mcp-Name", "x")], -32020),
        (message("tools/call"), &[("Mcp-Name", "x"), session], -32020),
        (message("tools/call"), &[("mcp_name", "x"), session], -32020),
        (message("tools/call"), &[session, stateless], -32020),
        (message("tools/call"), &[session, ("MCP_Protocol_Version", "2026-07-28")], -32020),
        (message("tools/call"), &[("mcp_protocol-version", "2025-11-25")], -32020),
        (message("server/discover"), &[], -32020),
        (message("subscriptions/listen"), &[], -32020),
        (message("server/discover"), &[session], -32601),
        (claiming.to_owned(), &[], -32020),
        (claiming.to_owned(), &[session], -32020),
    ] {
        let headers = [&[JSON], headers].concat();
        let answer = client.request("POST", "/files", &headers, body.as_bytes());
        let said = answer.json();
        assert_eq!(
            (answer.status, &said["error"]["code"]),
            (400, &json!(code)),
            "{body} {headers:?}: {said}"
        );
        assert_eq!(said["id"], "d", "{said}");
    }
    for headers in [&[stateless, session][..], &[("Mcp-Method", "tools/list")]] {
        assert_eq!(client.request("GET", "/files", headers, b"").status, 400, "{headers:?}");
    }
    assert_eq!(tool.count(), 0);
    // The era is only being agreed on: a client of both may repeat the method, if it is that.
    let headers = [JSON, session, ("Mcp-Method", "initialize")];
    assert_eq!(client.request("POST", "/files", &headers, message("initialize").as_bytes()).status, 200);
    let headers = [JSON, session, ("Mcp-Method", "notifications/initialized")];
    let initialized = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    assert_eq!(client.request("POST", "/files", &headers, initialized.as_bytes()).status, 200);
}

#[test]
fn only_posted_json_is_served() {
    let tool = Tool::start();
    let gateway = gateway(&tool);
    let mut client = gateway.client();
    let ping = br#"{"jsonrpc":"2.0","id":1,"method":"ping","tool":"x"}"#;
    for (path, methods, allow) in [
        ("/files", &["PUT", "PATCH", "OPTIONS"][..], "GET, POST, DELETE"),
        ("/call", &["GET", "DELETE", "PUT", "PATCH", "OPTIONS"], "POST"),
    ] {
        for method in methods {
            let answer = client.request(method, path, &[JSON], b"");
            assert_eq!((answer.status, answer.header("allow")), (405, Some(allow)), "{method} {path}");
            assert_eq!(answer.json()["code"], "method_not_allowed", "{method} {path}");
        }
        for content_type in
            ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", "text/json", ""]
        {
            let answer = client.request("POST", path, &[("Content-Type", content_type)], ping);
            assert_eq!(answer.status, 415, "{content_type:?} {path}: {}", answer.text());
        }
        let answer = client.request("POST", path, &[], ping);
        assert_eq!(answer.status, 415, "{path}: {}", answer.text());
        for content_type in
            ["application/json; charset=utf-8", "APPLICATION/JSON", "application/json-rpc+json"]
        {
            let answer = client.request("POST", path, &[("Content-Type", content_type)], ping);
            assert_eq!(answer.status, 200, "{content_type} {path}: {}", answer.text());
        }
    }
    assert_eq!(tool.count(), 6);
}

/// No place is free in all of the gateway: the body is not read, so its id is not known.
#[test]
fn a_request_that_finds_no_place_is_told_so_in_json_rpc() {
    let (tool, go) = Tool::waiting();
    let routes = Route::section(&[Route::mcp("files", tool.address)]);
    let limited = "gateway: {listen: [{address: \"127.0.0.1:0\"}], max_concurrent_requests: 1}";
    let gateway = Gateway::with(&format!("{limited}\n{routes}"), OPEN).start();
    let mut first = gateway.client();
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    first.send(
        format!(
            "POST /files HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{ping}",
            ping.len()
        )
        .as_bytes(),
    );
    tool.wait();
    let shed = gateway.client().post_json("/files", ping);
    assert_eq!((shed.status, shed.header("retry-after")), (503, Some("1")));
    let error = &shed.json()["error"];
    assert_eq!((&shed.json()["id"], &error["data"]["code"]), (&json!(null), &json!("overloaded")));
    go.send(()).unwrap();
    assert_eq!(first.answer().unwrap().status, 200);
}
