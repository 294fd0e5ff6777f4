//! The demo tool server over a real socket: what a curl line or an MCP client gets back.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::demo::serve;

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<std::io::Result<()>>,
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(key, _)| *key == name)
            .map(|(_, v)| v)
    }
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(serve(listener, async {
            let _either_way = stopped.await;
        }));
        Self { address, stop, task }
    }

    async fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: demo\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    async fn rest(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let answer = self.send(method, path, "", body).await;
        (answer.status, answer.json())
    }

    async fn rpc(&self, message: &Value) -> (u16, Value) {
        let answer = self.send("POST", "/mcp", "", &message.to_string()).await;
        (answer.status, answer.json())
    }

    async fn call_tool(&self, name: &str, arguments: Value) -> Value {
        let params = json!({"name": name, "arguments": arguments});
        let (status, answer) =
            self.rpc(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})).await;
        assert_eq!(status, 200);
        answer
    }

    async fn calls(&self) -> Value {
        self.rest("GET", "/stats", "").await.1["calls"].clone()
    }
}

fn text(answer: &Value) -> (&str, bool) {
    let result = &answer["result"];
    (result["content"][0]["text"].as_str().unwrap(), result["isError"].as_bool().unwrap())
}

#[tokio::test]
async fn contacts_are_read_listed_and_deleted() {
    let server = Server::start().await;
    let (status, contact) = server.rest("GET", "/crm/contacts/1001", "").await;
    assert_eq!((status, &contact["name"]), (200, &json!("Ada Moreno")));
    assert_eq!(server.rest("DELETE", "/crm/contacts/1001", "").await.0, 200);
    let (status, gone) = server.rest("GET", "/crm/contacts/1001", "").await;
    assert_eq!((status, &gone["error"]["code"]), (404, &json!("unknown_contact")));
    let (_, list) = server.rest("GET", "/crm/contacts", "").await;
    assert_eq!(list["contacts"].as_array().unwrap().len(), 3);
    assert_eq!(server.calls().await, json!({"contacts.delete": 1, "contacts.list": 1, "contacts.read": 2}));
}

#[tokio::test]
async fn a_refund_is_created_and_listed() {
    let server = Server::start().await;
    let body = r#"{"contact": "1002", "amount_cents": 2500, "reason": "damaged"}"#;
    let (status, refund) = server.rest("POST", "/crm/refunds", body).await;
    assert_eq!(status, 201);
    assert_eq!(
        refund,
        json!({"id": "rf-1", "contact": "1002", "amount_cents": 2500, "reason": "damaged", "status": "issued"})
    );
    assert_eq!(server.rest("GET", "/crm/refunds", "").await.1, json!({"refunds": [refund]}));
}

#[tokio::test]
async fn bad_refunds_say_what_is_wrong() {
    let server = Server::start().await;
    let cases = [
        ("not json", 400, "JSON object"),
        ("[]", 400, "JSON object"),
        (r#"{"amount_cents": 1, "reason": "x"}"#, 400, "contact must be"),
        (r#"{"contact": "1001", "amount_cents": 1, "reason": ""}"#, 400, "reason must be"),
        (r#"{"contact": "1001", "amount_cents": 0, "reason": "x"}"#, 400, "amount_cents must be"),
        (r#"{"contact": "1001", "amount_cents": 1.5, "reason": "x"}"#, 400, "amount_cents must be"),
        (r#"{"contact": "9", "amount_cents": 1, "reason": "x"}"#, 404, "no such contact"),
    ];
    for (body, expected, words) in cases {
        let (status, answer) = server.rest("POST", "/crm/refunds", body).await;
        assert_eq!(status, expected, "{body}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(words), "{body}: {answer}");
    }
    assert_eq!(server.rest("GET", "/crm/refunds", "").await.1, json!({"refunds": []}));
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused_in_json() {
    let server = Server::start().await;
    assert_eq!(server.rest("GET", "/nothing", "").await.0, 404);
    assert_eq!(server.rest("PUT", "/crm/contacts/1001", "").await.0, 405);
    for method in ["GET", "DELETE"] {
        let answer = server.send(method, "/mcp", "", "").await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")), "{method}");
    }
}

#[tokio::test]
async fn initialize_negotiates_and_opens_a_session() {
    let server = Server::start().await;
    let cases = [
        ("2025-11-25", "2025-11-25"),
        ("2025-06-18", "2025-06-18"),
        ("2025-03-26", "2025-03-26"),
        ("2024-11-05", "2025-11-25"),
    ];
    for (asked, agreed) in cases {
        let params = json!({"protocolVersion": asked, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
        let body = json!({"jsonrpc": "2.0", "id": "a", "method": "initialize", "params": params}).to_string();
        let answer = server.send("POST", "/mcp", "", &body).await;
        assert_eq!(answer.json()["result"]["protocolVersion"], agreed);
        let session = format!("Mcp-Session-Id: {}\r\n", answer.header("mcp-session-id").unwrap());
        let ping = r#"{"jsonrpc": "2.0", "id": 2, "method": "ping"}"#;
        assert_eq!(server.send("POST", "/mcp", &session, ping).await.json()["result"], json!({}));
        assert_eq!(server.send("POST", "/mcp", "Mcp-Session-Id: other\r\n", ping).await.status, 404);
        let initialized = r#"{"jsonrpc": "2.0", "method": "notifications/initialized"}"#;
        let answer = server.send("POST", "/mcp", &session, initialized).await;
        assert_eq!((answer.status, answer.body.as_str()), (202, ""));
    }
}

#[tokio::test]
async fn an_unsupported_version_is_named_with_the_supported_ones() {
    let server = Server::start().await;
    let discover = r#"{"jsonrpc": "2.0", "id": 1, "method": "server/discover"}"#;
    let answer = server.send("POST", "/mcp", "MCP-Protocol-Version: 2027-01-01\r\n", discover).await;
    assert_eq!(answer.status, 400);
    let error = &answer.json()["error"];
    assert_eq!(error["code"], -32022);
    assert_eq!(error["data"]["requested"], "2027-01-01");
    let supported = json!(["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"]);
    assert_eq!(error["data"]["supported"], supported);
}

/// A request of the stateless version and its answer.
async fn stateless(server: &Server, method: &str, mut params: Value, name: Option<&str>) -> (u16, Value) {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
    let name = name.map(|name| format!("Mcp-Name: {name}\r\n")).unwrap_or_default();
    let headers = format!("MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: {method}\r\n{name}");
    let answer = server.send("POST", "/mcp", &headers, &body).await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn without_sessions_each_request_is_answered_by_itself() {
    let server = Server::start().await;
    let (status, discovered) = stateless(&server, "server/discover", json!({}), None).await;
    let result = &discovered["result"];
    assert_eq!((status, &result["supportedVersions"]), (200, &json!(["2026-07-28"])));
    let (_, listed) = stateless(&server, "tools/list", json!({}), None).await;
    assert_eq!(listed["result"]["tools"].as_array().unwrap().len(), 4);
    let read = json!({"name": "read_file", "arguments": {"path": "notes/todo.txt"}});
    for name in ["read_file", "=?base64?cmVhZF9maWxl?="] {
        let (_, answer) = stateless(&server, "tools/call", read.clone(), Some(name)).await;
        assert!(text(&answer).0.starts_with("renew the certificates"), "{answer}");
        assert_eq!(answer["result"]["resultType"], "complete");
    }
    for answer in [&discovered, &listed] {
        let result = &answer["result"];
        assert_eq!((&result["resultType"], &result["cacheScope"]), (&json!("complete"), &json!("public")));
        assert!(result["ttlMs"].is_u64(), "{result}");
        assert_eq!(result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "aegis-demo-tools");
    }
    for (method, params, name, refused) in [
        ("ping", json!({}), None, (404, -32601)),
        ("subscriptions/listen", json!({}), None, (404, -32601)),
        ("tools/call", read.clone(), None, (400, -32020)),
        ("tools/call", read.clone(), Some("delete_file"), (400, -32020)),
        ("tools/call", read.clone(), Some("read_file\r\nMcp-Name: read_file"), (400, -32020)),
        ("tools/list\r\nMcp-Method: ping", json!({}), None, (400, -32020)),
    ] {
        let (status, answer) = stateless(&server, method, params, name).await;
        assert_eq!((status, answer["error"]["code"].as_i64()), (refused.0, Some(refused.1)), "{method}");
    }
    let bare = r#"{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}"#;
    let headers = "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/list\r\n";
    let answer = server.send("POST", "/mcp", headers, bare).await;
    assert_eq!((answer.status, answer.json()["error"]["code"].as_i64()), (400, Some(-32602)));
    assert_eq!(server.calls().await, json!({"read_file": 2}));
}

#[tokio::test]
async fn every_tool_is_listed_with_schema_and_annotations() {
    let server = Server::start().await;
    let (_, answer) = server.rpc(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})).await;
    let tools = answer["result"]["tools"].as_array().unwrap();
    let names: Vec<&str> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["search_docs", "read_file", "delete_file", "send_email"]);
    assert_eq!(tools[1]["inputSchema"]["required"], json!(["path"]));
    assert_eq!(tools[1]["annotations"]["readOnlyHint"], true);
    assert_eq!(tools[2]["annotations"]["destructiveHint"], true);
}

#[tokio::test]
async fn tools_do_their_work_and_report_their_failures() {
    let server = Server::start().await;
    let found = server.call_tool("search_docs", json!({"query": "REFUNDS fell"})).await;
    assert_eq!(text(&found), ("reports/q3.md:4: Refunds fell to 0.8 percent of sales.", false));
    let read = server.call_tool("read_file", json!({"path": "notes/todo.txt"})).await;
    assert!(text(&read).0.starts_with("renew the certificates"));
    let deleted = server.call_tool("delete_file", json!({"path": "notes/todo.txt"})).await;
    assert_eq!(text(&deleted), ("Deleted notes/todo.txt.", false));
    let gone = server.call_tool("read_file", json!({"path": "notes/todo.txt"})).await;
    assert!(text(&gone).1 && text(&gone).0.starts_with("No such file."));
    let mail = json!({"to": "ada@northwind.example", "subject": "Hi", "body": "Hello"});
    assert_eq!(
        text(&server.call_tool("send_email", mail).await),
        ("Message 1 accepted for delivery.", false)
    );
    let expected = json!({"delete_file": 1, "read_file": 2, "search_docs": 1, "send_email": 1});
    assert_eq!(server.calls().await, expected);
}

#[tokio::test]
async fn bad_messages_get_the_json_rpc_error_that_fits() {
    let server = Server::start().await;
    let call =
        |params: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#);
    let cases = [
        ("{".to_owned(), 400, -32700),
        ("[]".to_owned(), 400, -32600),
        (r#"{"id":1,"method":"ping"}"#.to_owned(), 400, -32600),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#.to_owned(), 400, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"no/such"}"#.to_owned(), 200, -32601),
        (r#"{"jsonrpc":"2.0","id":1,"method":"initialize"}"#.to_owned(), 200, -32602),
        (call(r#"{"name":"drop_table"}"#), 200, -32602),
        (call(r#"{"name":"read_file"}"#), 200, -32602),
        (call(r#"{"name":"read_file","arguments":{"path":7}}"#), 200, -32602),
        (call(r#"{"name":"read_file","arguments":{"path":"a","mode":"b"}}"#), 200, -32602),
        (call(r#"{"name":"read_file","arguments":[]}"#), 200, -32602),
    ];
    for (body, status, code) in cases {
        let answer = server.send("POST", "/mcp", "", &body).await;
        assert_eq!((answer.status, answer.json()["error"]["code"].as_i64()), (status, Some(code)), "{body}");
    }
}

#[tokio::test]
async fn progress_is_streamed_to_those_who_ask_and_can_read_it() {
    let server = Server::start().await;
    let params =
        json!({"name": "read_file", "arguments": {"path": "reports/q3.md"}, "_meta": {"progressToken": 7}});
    let body = json!({"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": params}).to_string();
    let accept = "Accept: application/json, text/event-stream\r\n";
    let answer = server.send("POST", "/mcp", accept, &body).await;
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    let lines = answer.body.lines().filter_map(|line| line.strip_prefix("data: "));
    let events: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        (&events[0]["method"], &events[0]["params"]["progressToken"]),
        (&json!("notifications/progress"), &json!(7))
    );
    assert_eq!((&events[1]["id"], text(&events[1]).1), (&json!(5), false));

    let plain = server.send("POST", "/mcp", "Accept: application/json\r\n", &body).await;
    assert_eq!(plain.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn serving_ends_when_asked() {
    let server = Server::start().await;
    assert_eq!(server.rest("GET", "/stats", "").await.1, json!({"calls": {}}));
    server.stop.send(()).unwrap();
    server.task.await.unwrap().unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}
