//! What a caller sees of a server's tools: not those that it can certainly not call.

use std::io::Write;

use serde_json::{Value, json};

use crate::support::{Gateway, Route, Tool, respond};

const RULES: &str = "rules:\n\
    - {name: no, match: {type: \"files.delete*\"}, approval: block}\n\
    - {name: ask, match: {type: files.pay}, approval: approve}\n\
    - {name: small, match: {type: files.move}, conditions: {param_lt: {count: 3}}, approval: auto}\n\
    - {name: reads, match: {type: \"files.read*\"}, approval: auto}\n\
    - {name: shared, match: {type: files.shut_down}, approval: auto}\n\
    - {name: home, match: {type: files.write, target: /home/*}, approval: auto}";
const LIST: &str = r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#;

fn answer(tools: &[&str], more: &Value) -> String {
    let tools: Vec<Value> = tools.iter().map(|name| json!({"name": name, "inputSchema": {}})).collect();
    let mut result = json!({"tools": tools, "nextCursor": "next"});
    result.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"jsonrpc": "2.0", "id": 7, "result": result}).to_string()
}

/// Names of the tools in a list's answer.
fn names(answer: &Value) -> Vec<String> {
    let tools = answer["result"]["tools"].as_array().unwrap();
    tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

/// A gateway in front of a server with these tools, which answers in `content_type`.
fn gateway(tool: &Tool, more: &str) -> Gateway {
    Gateway::with(&Route::section(&[Route::mcp("files", tool.address).with(more)]), RULES).start()
}

fn listing(tools: &'static [&'static str], more: Value) -> Tool {
    Tool::answering(move |_, stream| {
        respond(stream, "200 OK", "application/json", answer(tools, &more).as_bytes());
    })
}

const TOOLS: &[&str] = &["read_file", "delete_file", "pay", "move", "write", "unheard_of", "löschen"];

#[test]
fn a_tool_is_hidden_if_no_call_of_it_could_be_allowed_or_held() {
    let tool = listing(TOOLS, json!({"cacheScope": "public", "ttlMs": 5}));
    let gateway = gateway(&tool, "resource: \"{arguments.path}\"");
    let listed = gateway.client().post_json("/files", LIST).json();
    // Held (pay), conditional (move) and dependent on the resource (write): all of them may be called by somebody who knows how.
    assert_eq!(names(&listed), ["read_file", "pay", "move", "write"]);
    let result = &listed["result"];
    assert_eq!((&result["cacheScope"], &result["ttlMs"]), (&json!("private"), &json!(5)));
    assert_eq!((&result["nextCursor"], &listed["id"]), (&json!("next"), &json!(7)));
}

#[test]
fn what_a_cedar_engine_could_allow_is_shown() {
    let tool = listing(TOOLS, json!({}));
    let config = format!(
        "version: 1\ndata_dir: data\naudit: {{durability: process}}\n\
         gateway: {{listen: [{{address: \"127.0.0.1:0\"}}]}}\ncontrol: {{listen: 127.0.0.1:0}}\n\
         policy: {{default: allow, cedar: {{engine: main, directory: p}}}}\n{}",
        Route::section(&[Route::mcp("files", tool.address)])
    );
    let policies = "permit(principal, action in [Action::\"files___read_file\", Action::\"files___pay\", Action::\"files___move\"], resource == Gateway::\"files\")\n\
                    when { context has input.amount && context.input.amount < 5 };\n\
                    forbid(principal, action == Action::\"files___move\", resource);\n\
                    forbid(principal, action == Action::\"files___pay\", resource) when { context has input.gift };\n";
    let gateway = Gateway::configured(&config).file("p/all.cedar", policies).start();
    // Whatever the default allows, only what a permit is about can be called; a forbid with a condition hides nothing.
    assert_eq!(names(&gateway.client().post_json("/files", LIST).json()), ["read_file", "pay"]);
}

#[test]
fn where_the_resource_is_known_it_counts() {
    let tool = listing(TOOLS, json!({}));
    let gateway = gateway(&tool, "mode: enforce");
    // Here every call's resource is the route's name, which is not below /home.
    assert_eq!(names(&gateway.client().post_json("/files", LIST).json()), ["read_file", "pay", "move"]);
}

#[test]
fn a_route_that_refuses_nothing_hides_nothing() {
    for mode in ["mode: shadow", "mode: \"off\""] {
        let tool = listing(TOOLS, json!({}));
        let gateway = gateway(&tool, mode);
        assert_eq!(names(&gateway.client().post_json("/files", LIST).json()), TOOLS, "{mode}");
    }
}

#[test]
fn lists_in_streams_and_their_replays_are_filtered_too() {
    let tool = Tool::answering(|seen, stream| {
        let event = format!("id: 1\ndata: {}\n\n", answer(TOOLS, &json!({})));
        let noise = "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n\n";
        let body = if seen.line().starts_with("GET") { format!("{noise}{event}{event}") } else { event };
        respond(stream, "200 OK", "text/event-stream", body.as_bytes());
    });
    let gateway = gateway(&tool, "mode: enforce");
    let mut client = gateway.client();
    let posted = client.post_json("/files", LIST).text();
    let replayed = client.request("GET", "/files", &[("Accept", "text/event-stream")], b"").text();
    assert!(replayed.contains("list_changed"), "{replayed}");
    let lists = |text: &str| -> Vec<Value> {
        let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
        data.filter(|data| data.contains("result")).map(|data| serde_json::from_str(data).unwrap()).collect()
    };
    assert_eq!((lists(&posted).len(), lists(&replayed).len()), (1, 2));
    for list in lists(&posted).iter().chain(&lists(&replayed)) {
        assert_eq!(names(list), ["read_file", "pay", "move"]);
    }
}

/// A stream may repeat the answer to any earlier call, also to one whose answer was edited.
#[test]
fn what_a_policy_has_taken_out_of_an_answer_does_not_come_by_the_servers_own_stream() {
    const POLICIES: &str = r#"{"policies": [{"name": "all", "rules": [
        {"capability": "files.*", "outcome": "ALLOW"},
        {"capability": "files.read_file", "outcome": "ALLOW", "constraints": {"redact_response": ["/secret"], "max_response_bytes": 300}}
    ]}]}"#;
    let answer = r#"{"jsonrpc":"2.0","id":7,"result":{"content":[],"secret":"swordfish"}}"#;
    let long =
        format!(r#"{{"jsonrpc":"2.0","method":"notifications/message","params":"{}"}}"#, "long".repeat(100));
    let tool = Tool::answering(move |seen, stream| {
        let event = format!("id: 1\ndata: {answer}\n\n");
        let line = seen.line().to_owned();
        let more = if line.contains("long") { format!("data: {long}\n\n") } else { String::new() };
        let body = format!("{event}{more}");
        respond(stream, "200 OK", "text/event-stream", body.as_bytes());
    });
    let world = |mode: &str| {
        let route = Route::mcp("files", tool.address).with(mode);
        let config = format!(
            "version: 1\ndata_dir: data\npolicy: {{governance: objects.yaml}}\ncontrol: {{listen: 127.0.0.1:0}}\n\
             audit: {{durability: process}}\ngateway: {{listen: [{{address: \"127.0.0.1:0\"}}]}}\n{}",
            Route::section(&[route])
        );
        Gateway::configured(&config).file("objects.yaml", POLICIES).start()
    };
    let gateway = world("mode: enforce");
    let call =
        r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"read_file","arguments":{}}}"#;
    let posted = gateway.client().post_json("/files", call).text();
    assert!(posted.contains("[REDACTED]") && !posted.contains("swordfish"), "{posted}");
    let stream = |gateway: &Gateway, path: &str| {
        gateway.client().request("GET", path, &[("Accept", "text/event-stream")], b"").text()
    };
    let replayed = stream(&gateway, "/files");
    assert!(replayed.contains("[REDACTED]") && !replayed.contains("swordfish"), "{replayed}");
    // No event is longer than the shortest answer that any policy lets back.
    let mut client = gateway.client();
    client.send(
        b"GET /files?long HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nConnection: close\r\n\r\n",
    );
    let cut = String::from_utf8_lossy(&client.read_all()).into_owned();
    assert!(cut.starts_with("HTTP/1.1 200") && !cut.contains("longlong"), "{cut}");
    assert!(stream(&world("mode: shadow"), "/files").contains("swordfish"));
}

#[test]
fn a_list_that_cannot_be_read_does_not_come_back() {
    for body in [
        r#"{"jsonrpc":"2.0","id":7,"result":{"tools":[{"name":"delete_file"}],"tools":[]}}"#,
        r#"{"jsonrpc":"2.0","id":7,"result":{"tools":{"name":"delete_file"}}}"#,
        r#"{"jsonrpc":"2.0","id":7,"result":{"Tools":[{"name":"delete_file"}]}}"#,
    ] {
        let tool = Tool::saying(body);
        let gateway = gateway(&tool, "mode: enforce");
        let answer = gateway.client().post_json("/files", LIST);
        assert_eq!(
            (answer.status, &answer.json()["error"]["data"]["code"]),
            (502, &json!("response_refused")),
            "{body}"
        );
    }
}

/// A rule for `files.shut_down` was meant for one of two tools; nobody knows which.
#[test]
fn two_tools_that_make_one_capability_are_both_denied_until_they_are_told_apart() {
    let tool = Tool::answering(|seen, stream| {
        let body = if seen.text().contains("tools/list") {
            answer(&["shut_down", "shutDown", "read_file"], &json!({}))
        } else {
            json!({"jsonrpc": "2.0", "id": 7, "result": {"content": []}}).to_string()
        };
        stream
            .write_all(
                format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                )
                .as_bytes(),
            )
            .unwrap();
    });
    let gateway = gateway(&tool, "mode: enforce");
    let mut client = gateway.client();
    let mut call = |name: &str| {
        let body = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": name}});
        client.post_json("/files", &body.to_string()).json()["result"].clone()
    };
    // Before any list nothing is known of another one.
    assert!(call("shut_down").get("isError").is_none());
    assert_eq!(names(&gateway.client().post_json("/files", LIST).json()), ["read_file"]);
    for name in ["shut_down", "shutDown"] {
        let refused = call(name);
        assert_eq!(refused["_meta"]["aegis/decision"]["code"], "shared_capability", "{refused}");
    }
    assert!(call("read_file").get("isError").is_none());

    let config = std::fs::read_to_string(gateway.folder().join("gateway.yaml")).unwrap();
    let told = config.replace("mode: enforce", "tools: {shutDown: files.delete_all}");
    std::fs::write(gateway.folder().join("gateway.yaml"), told).unwrap();
    gateway.await_version(2);
    assert!(call("shut_down").get("isError").is_none());
    assert_eq!(call("shutDown")["_meta"]["aegis/decision"]["code"], "rule_denied");
}
