//! MCP 2026-07-28: each request stands for itself, and its headers say what its body says.

use serde_json::{Value, json};

use crate::support::{Answer, Client, Gateway, Route, Tool, respond};

const RULES: &str = "version: 1\nrules:\n\
    - {name: reads, match: {type: files.read_file}, approval: auto}\n\
    - {name: public, match: {type: files.resources.read, target: \"file:///public/*\"}, approval: auto}\n\
    - {name: prompts, match: {type: files.prompts.get, target: greet}, approval: auto}\n\
    - {name: no_deletes, match: {type: files.delete_file}, approval: block}\n";

const VERSION: (&str, &str) = ("MCP-Protocol-Version", "2026-07-28");
const JSON: (&str, &str) = ("Content-Type", "application/json");
const ACCEPT: (&str, &str) = ("Accept", "application/json, text/event-stream");

fn gateway(tool: &Tool) -> Gateway {
    Gateway::with(&Route::section(&[Route::mcp("files", tool.address)]), RULES).start()
}

/// A request of this version under the id `r`: `params` with what every request says of itself.
fn request(method: &str, mut params: Value) -> String {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    json!({"jsonrpc": "2.0", "id": "r", "method": method, "params": params}).to_string()
}

/// POSTs `body` with the headers every request has, and `more`.
fn post(client: &mut Client, more: &[(&str, &str)], body: &str) -> Answer {
    client.request("POST", "/files", &[&[JSON, ACCEPT, VERSION], more].concat(), body.as_bytes())
}

/// POSTs a request with all the headers it must have.
fn send(client: &mut Client, method: &str, params: Value) -> Answer {
    let name = params.get("name").or(params.get("uri")).and_then(Value::as_str).map(str::to_owned);
    let mut headers = vec![("Mcp-Method", method)];
    headers.extend(name.as_deref().map(|name| ("Mcp-Name", name)));
    post(client, &headers, &request(method, params))
}

/// A refusal under the request's id, with this status and JSON-RPC code.
fn check_refused(answer: &Answer, status: u16, code: i64, what: &str) {
    let said = answer.json();
    assert_eq!((answer.status, &said["error"]["code"]), (status, &json!(code)), "{what}: {said}");
    assert_eq!((&said["jsonrpc"], &said["id"]), (&json!("2.0"), &json!("r")), "{what}: {said}");
    assert!(said["error"]["data"]["code"].is_string(), "{what}: {said}");
}

#[test]
fn what_agrees_with_its_headers_goes_on_as_it_came() {
    let tool = Tool::start();
    let gateway = gateway(&tool);
    let mut client = gateway.client();
    for (method, params) in [
        ("server/discover", json!({})),
        ("subscriptions/listen", json!({"notifications": {"toolsListChanged": true}})),
        ("tools/list", json!({"cursor": "x"})),
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("prompts/list", json!({})),
        ("completion/complete", json!({"ref": {"type": "ref/prompt", "name": "greet"}})),
        ("tools/call", json!({"name": "read_file", "arguments": {"path": "/a"}})),
        ("tools/call", json!({"name": "read_file", "requestState": "s", "inputResponses": {"q": {}}})),
        ("resources/read", json!({"uri": "file:///public/a"})),
        ("prompts/get", json!({"name": "greet"})),
    ] {
        let named = params.get("name").or(params.get("uri")).cloned();
        let body = request(method, params.clone());
        let answer = send(&mut client, method, params);
        assert_eq!((answer.status, answer.text().as_str()), (200, "{\"ok\":true}"), "{method}");
        let seen = tool.seen().pop().unwrap();
        assert_eq!((seen.line(), seen.text()), ("POST /tool HTTP/1.1", body), "{method}");
        assert_eq!(
            (seen.header("mcp-protocol-version"), seen.header("mcp-method")),
            (vec!["2026-07-28".to_owned()], vec![method.to_owned()])
        );
        let named: Vec<String> = named.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
        assert_eq!(seen.header("mcp-name"), named, "{method}");
    }
    assert_eq!((gateway.records_of("message").len(), gateway.records_of("decision").len()), (7, 4));
}

#[test]
fn a_denial_is_a_complete_tool_result_or_an_error() {
    let tool = Tool::start();
    let routes = [
        Route::mcp("files", tool.address),
        Route::mcp("strict", tool.address).with("denial: {mcp: jsonrpc_error}"),
    ];
    let gateway = Gateway::with(&Route::section(&routes), RULES).start();
    let mut client = gateway.client();
    let said = send(&mut client, "tools/call", json!({"name": "delete_file"})).json();
    let result = &said["result"];
    assert_eq!((&said["id"], &result["isError"]), (&json!("r"), &json!(true)), "{said}");
    assert_eq!(result["resultType"], "complete", "{said}");
    assert!(result["content"][0]["text"].as_str().unwrap().contains("no_deletes"), "{said}");
    assert_eq!(result["_meta"]["aegis/decision"]["code"], "rule_denied", "{said}");

    let headers = [JSON, VERSION, ("Mcp-Method", "tools/call"), ("Mcp-Name", "delete_file")];
    let body = request("tools/call", json!({"name": "delete_file"}));
    check_refused(&client.request("POST", "/strict", &headers, body.as_bytes()), 200, 4030, "strict");
    for (method, params) in
        [("resources/read", json!({"uri": "file:///private/a"})), ("prompts/get", json!({"name": "other"}))]
    {
        check_refused(&send(&mut client, method, params), 200, 4030, method);
    }
    assert_eq!((tool.count(), gateway.records_of("decision").len()), (0, 4));
}

/// In a session a result that says it is complete would be one with a member nobody knows.
#[test]
fn a_denial_in_a_session_says_nothing_of_being_complete() {
    let tool = Tool::start();
    let gateway = gateway(&tool);
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "delete_file"}});
    for headers in [&[JSON][..], &[JSON, ("MCP-Protocol-Version", "2025-11-25")]] {
        let said = gateway.client().request("POST", "/files", headers, body.to_string().as_bytes()).json();
        assert_eq!(
            (&said["result"]["isError"], said["result"].get("resultType")),
            (&json!(true), None),
            "{said}"
        );
    }
}

#[test]
fn what_does_not_agree_is_refused_unseen() {
    let tool = Tool::start();
    let gateway = gateway(&tool);
    let mut client = gateway.client();
    let call = request("tools/call", json!({"name": "read_file"}));
    let (calls, named) = (("Mcp-Method", "tools/call"), ("Mcp-Name", "read_file"));
    let older = call.replace("2026-07-28", "2025-11-25");
    let nameless = request("tools/call", json!({}));
    let bare = r#"{"jsonrpc":"2.0","id":"r","method":"tools/call","params":{"name":"read_file"}}"#;
    let cases = [
        (&[][..], call.as_str(), -32020),
        (&[calls], &call, -32020),
        (&[named], &call, -32020),
        (&[("Mcp-Method", "tools/list"), named], &call, -32020),
        (&[("Mcp-Method", "Tools/Call"), named], &call, -32020),
        (&[calls, ("Mcp-Name", "delete_file")], &call, -32020),
        (&[calls, ("Mcp-Name", "=?base64?ZGVsZXRlX2ZpbGU=?=")], &call, -32020),
        (&[calls, ("Mcp-Name", "=?base64?cmVhZF9maWxl=?=")], &call, -32020),
        (&[calls, named, ("Mcp-Name", "delete_file")], &call, -32020),
        (&[calls, calls, named], &call, -32020),
        (&[calls, named, ("mcp_name", "delete_file")], &call, -32020),
        (&[calls, named, ("Mcp_Method", "tools/list")], &call, -32020),
        (&[calls, named, ("MCP-Protocol-Version", "2026-07-28")], &call, -32020),
        (&[calls, named, ("Mcp-Param-A", "1"), ("Mcp-Param-A", "1")], &call, -32020),
        (&[calls, named, ("Mcp-Param-A-B", "1"), ("Mcp-Param-A_B", "1")], &call, -32020),
        (&[calls, named], &older, -32020),
        (&[calls, named], bare, -32602),
        (&[calls], &nameless, -32602),
        (&[calls, named], &nameless, -32020),
    ];
    for (headers, body, code) in cases {
        check_refused(&post(&mut client, headers, body), 400, code, &format!("{headers:?} {body}"));
    }
    for method in ["initialize", "ping", "logging/setLevel", "resources/subscribe", "tasks/get", "no/such"] {
        check_refused(&send(&mut client, method, json!({})), 404, -32601, method);
    }
    assert_eq!((tool.count(), gateway.records_of("refusal").len()), (0, cases.len() + 6));
    // The headers may be in any letter case and the name in base64.
    let encoded = [("mcp-METHOD", "tools/call"), ("MCP-NAME", "=?base64?cmVhZF9maWxl?=")];
    assert_eq!((post(&mut client, &encoded, &call).status, tool.count()), (200, 1));
}

/// The strict reader stands before both eras; the connection stays usable.
#[test]
fn what_can_be_read_in_two_ways_is_refused_unseen() {
    let tool = Tool::start();
    let gateway = gateway(&tool);
    let mut client = gateway.client();
    let call = request("tools/call", json!({"name": "read_file", "arguments": {"a": 1}}));
    let arguments = |arguments: &str| call.replace("{\"a\":1}", arguments).into_bytes();
    let utf16: Vec<u8> = call.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for body in [
        arguments("{\"a\":1,\"a\":2}"),
        arguments("{\"a\":1,\"\\u0061\":2}"),
        arguments("{\"a\":1,\"A\":2}"),
        arguments("{\"a\":NaN}"),
        arguments("{\"a\":9223372036854775808}"),
        arguments("{\"a\":1e999}"),
        arguments("{\"a\":\"\\ud800\"}"),
        arguments(&format!("{{\"a\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000))),
        call.replace("\"name\":\"read_file\"", "\"name\":\"read_file\",\"name\":\"delete_file\"")
            .into_bytes(),
        call.replace("\"method\":", "\"method\":\"ping\",\"method\":").into_bytes(),
        format!("\u{feff}{call}").into_bytes(),
        format!("{call}{call}").into_bytes(),
        [call.as_bytes(), b"\xff"].concat(),
        utf16,
    ] {
        let headers = [JSON, VERSION, ("Mcp-Method", "tools/call"), ("Mcp-Name", "read_file")];
        let answer = client.request("POST", "/files", &headers, &body);
        let said = answer.json();
        assert_eq!((answer.status, &said["error"]["code"]), (400, &json!(-32700)), "{said}");
    }
    let batch = post(&mut client, &[("Mcp-Method", "tools/call")], &format!("[{call}]"));
    assert_eq!((batch.status, &batch.json()["error"]["code"]), (400, &json!(-32600)));
    assert_eq!(tool.count(), 0);
    assert_eq!(send(&mut client, "tools/list", json!({})).status, 200);
}

#[test]
fn it_is_served_by_post_only() {
    let tool = Tool::start();
    let gateway = gateway(&tool);
    let mut client = gateway.client();
    for method in ["GET", "DELETE", "PUT", "OPTIONS"] {
        let answer = client.request(method, "/files", &[VERSION, ("Last-Event-ID", "1")], b"");
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")), "{method}");
    }
    assert_eq!(tool.count(), 0);
}

/// There are no sessions: an id means nothing, reaches no tool, and none of the tool's is shown.
#[test]
fn session_ids_pass_in_neither_direction() {
    let tool = Tool::answering(|_, stream| {
        respond(stream, "200 OK\r\nMcp-Session-Id: inner-1", "application/json", b"{}");
    });
    let gateway = gateway(&tool);
    let mut client = gateway.client();
    let initialize = br#"{"jsonrpc":"2.0","id":1,"method":"initialize"}"#;
    let begun = client.request("POST", "/files", &[JSON], initialize);
    let sealed = begun.header("mcp-session-id").unwrap().to_owned();
    let list = request("tools/list", json!({}));
    for id in ["inner-1", &sealed, ""] {
        let answer = post(&mut client, &[("Mcp-Method", "tools/list"), ("Mcp-Session-Id", id)], &list);
        assert_eq!((answer.status, answer.header("mcp-session-id")), (200, None), "{id}");
        assert!(tool.seen().pop().unwrap().header("mcp-session-id").is_empty(), "{id}");
    }
}

#[test]
fn headers_that_repeat_arguments_go_on_as_they_came() {
    let tool = Tool::start();
    let gateway = gateway(&tool);
    let more = [
        ("Mcp-Method", "tools/call"),
        ("Mcp-Name", "read_file"),
        ("Mcp-Param-Region", "=?base64?SGVsbG8?="),
        ("Mcp-Param-user_id", "7"),
    ];
    let body = request("tools/call", json!({"name": "read_file", "arguments": {"region": "x"}}));
    assert_eq!(post(&mut gateway.client(), &more, &body).status, 200);
    let seen = tool.only();
    assert_eq!(seen.header("mcp-param-region"), ["=?base64?SGVsbG8?="]);
    assert_eq!(seen.header("mcp-param-user_id"), ["7"]);
}

#[test]
fn a_notification_is_taken_by_the_server_or_refused_by_the_status() {
    let tool = Tool::answering(|_, stream| respond(stream, "202 Accepted", "text/plain", b""));
    let gateway = gateway(&tool);
    let mut client = gateway.client();
    let cancelled = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#;
    for headers in [&[][..], &[("Mcp-Method", "notifications/cancelled")]] {
        let answer = post(&mut client, headers, cancelled);
        assert_eq!((answer.status, answer.body.len()), (202, 0), "{headers:?}");
    }
    let call = r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"read_file"}}"#;
    let answer = post(&mut client, &[("Mcp-Method", "tools/call"), ("Mcp-Name", "read_file")], call);
    assert_eq!((answer.status, tool.count()), (403, 2), "{}", answer.text());
    let answer = post(&mut client, &[], r#"{"jsonrpc":"2.0","id":"r","result":{}}"#);
    check_refused(&answer, 400, -32600, "a response");
    assert_eq!((tool.count(), gateway.records_of("refusal").len()), (2, 2));
}

#[test]
fn an_upstream_that_fails_is_said_under_the_requests_id() {
    let tool = Tool::answering(|_, stream| {
        let _closed = stream.shutdown(std::net::Shutdown::Both);
    });
    let gateway = gateway(&tool);
    check_refused(&send(&mut gateway.client(), "tools/list", json!({})), 502, 5020, "closed");
}
