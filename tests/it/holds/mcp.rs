//! Held calls of MCP clients.

use serde_json::{Value, json};

use super::world::{AGENT, OPS, World};
use crate::support::{Answer, Client, eventually};

fn lend(id: &Value, arguments: &Value, meta: &Value) -> String {
    let params = json!({"name": "lend", "arguments": arguments, "_meta": meta});
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}).to_string()
}

fn post(client: &mut Client, body: &str) -> Answer {
    let headers = [
        ("X-Api-Key", AGENT),
        ("Content-Type", "application/json"),
        ("Accept", "application/json, text/event-stream"),
    ];
    client.request("POST", "/files", &headers, body.as_bytes())
}

#[test]
fn a_model_reads_that_its_call_is_held_and_how_to_go_on() {
    let world = World::start();
    let mut client = world.gateway.client();
    let told = post(&mut client, &lend(&json!(1), &json!({"cents": 5}), &json!({"progressToken": 1})));
    assert_eq!(told.status, 200);
    let result = told.json()["result"].clone();
    let meta = &result["_meta"]["aegis/decision"];
    let hold = meta["hold_id"].as_str().unwrap();
    assert_eq!((&result["isError"], &meta["code"]), (&json!(true), &json!("approval_required")));
    let text = result["content"][0]["text"].as_str().unwrap();
    assert!(text.contains(hold) && text.contains("Repeat"), "{text}");
    assert!(meta["retry_after"].is_u64() && meta["expires_at"].is_string(), "{meta}");
    // Another id, progress token and trace are another sending of the same call.
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let meta = json!({"progressToken": "x", "traceparent": trace, "tracestate": "a=b"});
    let again = post(&mut client, &lend(&json!("two"), &json!({"cents": 5}), &meta)).json();
    assert_eq!(again["result"]["_meta"]["aegis/decision"]["hold_id"], hold);
    assert_eq!(world.approve(OPS, hold).status, 200);
    let ran = post(&mut client, &lend(&json!(3), &json!({"cents": 5}), &json!({})));
    assert_eq!((ran.status, ran.text().as_str()), (200, "{\"ok\":true}"));
    assert_eq!(world.tool.count(), 1);
}

#[test]
fn a_call_that_is_called_off_while_it_waits_is_not_executed() {
    let world = World::waiting("{wait_ms: 30000}");
    for id in [json!(7), json!("seven")] {
        let before = world.tool.count();
        let call = std::thread::spawn({
            let (mut client, body) = (world.gateway.client(), lend(&id, &json!({}), &json!({})));
            move || post(&mut client, &body)
        });
        let hold = world.waited_for(1);
        let mut client = world.gateway.client();
        let off = |id: Value| json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}});
        post(&mut client, &off(json!("another")).to_string());
        assert_eq!(world.hold(&hold)["waiting"], 1);
        post(&mut client, &off(id.clone()).to_string());
        let told = call.join().unwrap().json();
        assert_eq!(
            (&told["id"], &told["result"]["_meta"]["aegis/decision"]["code"]),
            (&id, &json!("called_off")),
            "{told}"
        );
        eventually("the end of the wait", || (world.hold(&hold)["waiting"] == 0).then_some(()));
        // Only the notifications have reached the tool. The ticket stays for a repeat.
        assert_eq!(world.tool.count(), before + 2);
        assert_eq!(world.approve(OPS, &hold).status, 200);
        let ran = post(&mut client, &lend(&json!(8), &json!({}), &json!({})));
        assert_eq!((ran.status, world.tool.count()), (200, before + 3));
    }
}

#[test]
fn a_rejection_reads_like_a_denial() {
    let world = World::waiting("{wait_ms: 30000}");
    let call = std::thread::spawn({
        let (mut client, body) = (world.gateway.client(), lend(&json!(1), &json!({}), &json!({})));
        move || post(&mut client, &body)
    });
    let hold = world.waited_for(1);
    world.reject(OPS, &hold);
    let told = call.join().unwrap().json();
    assert_eq!(told["result"]["_meta"]["aegis/decision"]["code"], "hold_rejected");
    assert_eq!(world.tool.count(), 0);
}
