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
        // A call without an id would have no answer to refuse it in.
        (call.replace("\"id\":1,", ""), -32600, Value::Null),
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
    assert_eq!(tool.count(), 0);
    let records = gateway.records_of("refusal");
    assert_eq!(records.len(), cases.len());
    assert!(records.iter().all(|record| record["actor"] == "dev" && record["route"] == "files"));
}

#[test]
fn the_stateless_era_is_answered_with_the_versions_spoken() {
    let tool = Tool::start();
    let gateway = gateway(&tool);
    let mut client = gateway.client();
    let message =
        |method: &str| format!(r#"{{"jsonrpc":"2.0","id":"d","method":"{method}","params":{{"name":"x"}}}}"#);
    for (method, headers, code) in [
        ("server/discover", &[JSON, ("MCP-Protocol-Version", "2026-07-28")][..], -32022),
        ("server/discover", &[JSON], -32022),
        ("tools/call", &[JSON, ("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call")], -32022),
        ("tools/call", &[JSON, ("mcp-protocol-version", "2024-11-05")], -32022),
        ("tools/call", &[JSON, ("MCP-Protocol-Version", "")], -32022),
        ("tools/call", &[JSON, ("Mcp-Method", "tools/call")], -32020),
        ("tools/call", &[JSON, ("Mcp-Method", "ping")], -32020),
        ("tools/call", &[JSON, ("Mcp-Name", "x"), ("MCP-Protocol-Version", "2025-11-25")], -32020),
    ] {
        let answer = client.request("POST", "/files", headers, message(method).as_bytes());
        let said = answer.json();
        assert_eq!(
            (answer.status, &said["error"]["code"]),
            (400, &json!(code)),
            "{method} {headers:?}: {said}"
        );
        assert_eq!(said["id"], "d", "{said}");
        if code == -32022 {
            let supported = said["error"]["data"]["supported"].as_array().unwrap();
            assert!(
                supported.contains(&json!("2025-11-25")) && supported.contains(&json!("2025-06-18")),
                "{said}"
            );
            assert!(!supported.contains(&json!("2026-07-28")), "{said}");
        }
    }
    assert_eq!(tool.count(), 0);
    for version in ["2025-11-25", "2025-06-18", "2025-03-26"] {
        let headers = [JSON, ("MCP-Protocol-Version", version)];
        assert_eq!(client.request("POST", "/files", &headers, message("tools/call").as_bytes()).status, 200);
    }
}

/// Judged by the first, read by the tool as the second.
#[test]
fn two_protocol_versions_are_refused() {
    let tool = Tool::start();
    let gateway = gateway(&tool);
    let headers = [JSON, ("MCP-Protocol-Version", "2025-11-25"), ("MCP-Protocol-Version", "2026-07-28")];
    let answer =
        gateway.client().request("POST", "/files", &headers, br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
    assert_eq!((answer.status, tool.count()), (400, 0));
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
