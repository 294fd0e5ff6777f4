//! MCP of the session era: what passes, what is decided, and how a denial is said.

use serde_json::{Value, json};

use crate::support::{Answer, Client, Gateway, Route, Tool, respond};

const RULES: &str = "version: 1\nrules:\n\
    - {name: reads, match: {type: files.read_file, target: \"files\"}, approval: auto}\n\
    - {name: public, match: {type: \"files.resources.read\", target: \"file:///public/*\"}, approval: auto}\n\
    - {name: prompts, match: {type: files.prompts.get, target: greet}, approval: auto}\n\
    - {name: mapped, match: {type: files.remove}, approval: auto}\n\
    - {name: mail, match: {type: files.send_email}, approval: approve}\n\
    - {name: no_deletes, match: {type: files.delete_file}, approval: block}\n\
    - {name: docs, match: {type: docs.read_file, target: \"/docs/*\"}, approval: auto}\n";

fn call(id: &Value, tool: &str, arguments: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": tool, "arguments": arguments}})
        .to_string()
}

fn message(method: &str, params: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string()
}

/// POSTs a message as a client in a session does.
fn post(client: &mut Client, path: &str, body: &str) -> Answer {
    let headers = [
        ("Content-Type", "application/json"),
        ("Accept", "application/json, text/event-stream"),
        ("MCP-Protocol-Version", "2025-06-18"),
    ];
    client.request("POST", path, &headers, body.as_bytes())
}

/// A tool that takes notifications and responses as MCP servers do.
fn server() -> Tool {
    Tool::answering(|seen, stream| {
        match seen.text().contains("\"id\"") && seen.text().contains("\"method\"") {
            true => respond(stream, "200 OK", "application/json", b"{\"ok\":true}"),
            false => respond(stream, "202 Accepted", "text/plain", b""),
        }
    })
}

#[test]
fn responses_outside_of_a_session_are_refused() {
    let tool = server();
    let gateway = Gateway::with(&Route::section(&[Route::mcp("files", tool.address)]), RULES).start();
    let mut client = gateway.client();
    for body in [
        r#"{"jsonrpc":"2.0","id":"s1","result":{}}"#,
        r#"{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"no"}}"#,
    ] {
        let answer = post(&mut client, "/files", body);
        assert_eq!((answer.status, &answer.json()["error"]["code"]), (400, &json!(-32600)), "{body}");
    }
    assert_eq!(tool.count(), 0);
}

#[test]
fn messages_that_call_no_tool_pass_and_are_recorded() {
    let tool = server();
    let gateway = Gateway::with(&Route::section(&[Route::mcp("files", tool.address)]), RULES).start();
    let mut client = gateway.client();
    let mut sent = Vec::new();
    for method in [
        "initialize",
        "ping",
        "tools/list",
        "resources/list",
        "resources/templates/list",
        "prompts/list",
        "logging/setLevel",
        "completion/complete",
        "resources/subscribe",
        "resources/unsubscribe",
    ] {
        let body = message(method, &json!({"cursor": "x"}));
        let answer = post(&mut client, "/files", &body);
        assert_eq!((answer.status, answer.text().as_str()), (200, "{\"ok\":true}"), "{method}");
        sent.push(body);
    }
    for body in [
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#,
    ] {
        let answer = post(&mut client, "/files/any/where", body);
        assert_eq!((answer.status, answer.body.len()), (202, 0), "{body}: {}", answer.text());
        sent.push(body.to_owned());
    }
    let seen = tool.seen();
    assert_eq!(seen.iter().map(|seen| seen.text()).collect::<Vec<_>>(), sent);
    assert!(seen.iter().all(|seen| seen.line() == "POST /tool HTTP/1.1"), "{seen:?}");
    assert!(seen[0].header("x-aegis-decision-id").is_empty());
    let records = gateway.records_of("message");
    assert_eq!(records.len(), sent.len());
    assert_eq!(
        (&records[0]["capability"], &records[0]["outcome"]),
        (&json!("files.initialize"), &json!("ALLOW"))
    );
}

#[test]
fn calls_are_decided_and_a_denial_is_a_tool_result_under_the_callers_id() {
    let tool = Tool::saying("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[]}}");
    let route = Route::mcp("files", tool.address)
        .with("denial: {help: \"Ask #agent-ops\"}")
        .with("tools: {Poubelle!: files.remove}");
    let gateway = Gateway::with(&Route::section(&[route]), RULES).start();
    let mut client = gateway.client();
    for (id, name, expected) in [
        (json!(1), "read_file", None),
        (json!("a-1"), "readFile", None),
        (json!(2), "Poubelle!", None),
        (json!(3), "delete_file", Some(("rule_denied", "no_deletes"))),
        (json!("x\"\\\u{e9}"), "delete-file", Some(("rule_denied", "no_deletes"))),
        (json!(-9_007_199_254_740_993_i64), "send_email", Some(("approval_required", "approval"))),
        (json!(4), "unheard_of", Some(("default_denied", "files.unheard_of"))),
        (json!(5), "supprim\u{e9}", Some(("unnamed_capability", "tools"))),
        (json!(6), "7zip", Some(("unnamed_capability", "tools"))),
        (json!(7), "", Some(("unnamed_capability", "tools"))),
    ] {
        let before = tool.count();
        let body = call(&id, name, &json!({"path": "/secret-path", "n": 1}));
        let answer = post(&mut client, "/files", &body);
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        let Some((code, reason)) = expected else {
            assert_eq!(tool.count(), before + 1, "{name}");
            assert_eq!(tool.seen().pop().unwrap().text(), body);
            continue;
        };
        assert_eq!(
            (tool.count(), answer.header("content-type")),
            (before, Some("application/json")),
            "{name}"
        );
        let said = answer.json();
        assert_eq!((&said["jsonrpc"], &said["id"]), (&json!("2.0"), &id), "{said}");
        let result = &said["result"];
        let text = result["content"][0]["text"].as_str().unwrap();
        assert_eq!(
            (&result["isError"], &result["content"][0]["type"]),
            (&json!(true), &json!("text")),
            "{said}"
        );
        assert!(text.contains(reason) && text.contains("Ask #agent-ops"), "{name}: {text}");
        assert!(!answer.text().contains("secret-path"), "{text}");
        let meta = &result["_meta"]["aegis/decision"];
        assert_eq!((&meta["code"], &meta["help"]), (&json!(code), &json!("Ask #agent-ops")), "{said}");
        let record = gateway.records_of("decision").pop().unwrap();
        assert_eq!(
            (&meta["decision_id"], &record["code"]),
            (&record["decision_id"], &json!(code)),
            "{record}"
        );
        let outcome = if code == "approval_required" { "REQUIRE_CONFIRMATION" } else { "DENY" };
        assert_eq!(record["outcome"], outcome);
    }
    assert_eq!(tool.count(), 3);
    let records = gateway.records_of("decision");
    assert_eq!(records[0]["arguments"], json!({"path": "/secret-path", "n": 1}));
    assert_eq!(
        (&records[0]["resource"], &records[2]["capability"]),
        (&json!("files"), &json!("files.remove"))
    );
}

#[test]
fn a_denial_may_be_a_json_rpc_error() {
    let tool = Tool::start();
    let route =
        Route::mcp("files", tool.address).with("denial: {mcp: jsonrpc_error, help: \"Ask #agent-ops\"}");
    let gateway = Gateway::with(&Route::section(&[route]), RULES).start();
    let mut client = gateway.client();
    for (body, id, code) in [
        (call(&json!(9), "delete_file", &json!({})), json!(9), "rule_denied"),
        (call(&json!("q"), "send_email", &json!({})), json!("q"), "approval_required"),
        (call(&json!(1), "\u{e9}", &json!({})), json!(1), "unnamed_capability"),
    ] {
        let answer = post(&mut client, "/files", &body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let said = answer.json();
        assert_eq!((&said["id"], &said["error"]["code"]), (&id, &json!(4030)), "{said}");
        let data = &said["error"]["data"];
        assert_eq!((&data["code"], &data["help"]), (&json!(code), &json!("Ask #agent-ops")), "{said}");
        assert_eq!(data["decision_id"], gateway.records_of("decision").pop().unwrap()["decision_id"]);
        assert!(said["error"]["message"].as_str().is_some_and(|message| !message.is_empty()));
    }
    assert_eq!(tool.count(), 0);
}

#[test]
fn resources_and_prompts_are_decided_too() {
    let tool = Tool::start();
    let gateway = Gateway::with(&Route::section(&[Route::mcp("files", tool.address)]), RULES).start();
    let mut client = gateway.client();
    for (method, params, allowed) in [
        ("resources/read", json!({"uri": "file:///public/a"}), true),
        ("resources/read", json!({"uri": "file:///private/a"}), false),
        ("prompts/get", json!({"name": "greet", "arguments": {"who": "Ann"}}), true),
        ("prompts/get", json!({"name": "other"}), false),
    ] {
        let before = tool.count();
        let answer = post(&mut client, "/files", &message(method, &params));
        assert_eq!((answer.status, tool.count()), (200, before + usize::from(allowed)), "{method} {params}");
        let said = answer.json();
        // A denied read has no tool result to be said in.
        let denied = said["error"]["code"] == 4030 && said["error"]["data"]["code"] == "default_denied";
        assert_eq!(denied, !allowed, "{method} {params}: {said}");
        let record = gateway.records_of("decision").pop().unwrap();
        let resource = params.get("uri").or(params.get("name")).unwrap();
        assert_eq!(&record["resource"], resource, "{record}");
        assert_eq!(record["capability"], format!("files.{}", method.replace('/', ".")), "{record}");
    }
    for (method, params) in [
        ("resources/read", json!({})),
        ("resources/read", json!({"uri": 1})),
        ("prompts/get", json!({"name": null})),
        ("tools/call", json!({})),
        ("tools/call", json!({"name": ["read_file"]})),
        ("tools/call", json!({"name": "read_file", "arguments": []})),
        ("tools/call", json!({"name": "read_file", "arguments": "x"})),
    ] {
        let answer = post(&mut client, "/files", &message(method, &params));
        let said = answer.json();
        assert_eq!(
            (answer.status, &said["error"]["code"]),
            (400, &json!(-32602)),
            "{method} {params}: {said}"
        );
        assert_eq!(said["id"], 1, "{said}");
    }
    assert_eq!(tool.count(), 2);
}

#[test]
fn a_template_names_the_resource() {
    let tool = Tool::start();
    let route = Route::mcp("docs", tool.address).with("resource: \"{arguments.path}\"");
    let gateway = Gateway::with(&Route::section(&[route]), RULES).start();
    let mut client = gateway.client();
    for (arguments, resource, allowed) in [
        (json!({"path": "/docs/a.md"}), Some("/docs/a.md"), true),
        (json!({"path": "/etc/passwd"}), Some("/etc/passwd"), false),
        (json!({"path": 7}), Some("7"), false),
        // Without it the resource is the route: a rule about paths does not speak of it.
        (json!({}), Some("docs"), false),
        (json!({"path": null}), Some("docs"), false),
        (json!({"path": ["/docs/a.md"]}), None, false),
        (json!({"path": {"a": "/docs/a.md"}}), None, false),
    ] {
        let before = tool.count();
        let answer = post(&mut client, "/docs", &call(&json!(1), "read_file", &arguments));
        assert_eq!(tool.count(), before + usize::from(allowed), "{arguments}");
        match resource {
            Some(resource) => {
                assert_eq!(answer.status, 200, "{arguments}: {}", answer.text());
                assert_eq!(
                    gateway.records_of("decision").pop().unwrap()["resource"],
                    resource,
                    "{arguments}"
                );
            }
            None => assert_eq!(
                (answer.status, &answer.json()["error"]["code"]),
                (400, &json!(-32602)),
                "{arguments}"
            ),
        }
    }
}
