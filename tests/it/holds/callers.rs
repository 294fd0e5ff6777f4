//! Who may decide, and callers that leave, give up, or are nobody.

use serde_json::json;

use super::approvals::refused_with;
use super::world::{
    AGENT, FRIEND, OPS, OTHER, RISK, STRANGER, World, hold_id, raw_create, refused, send_create,
};
use crate::listeners::{Http2, exchange, to};
use crate::support::{Client, eventually};

#[test]
fn nobody_decides_on_a_call_of_its_own() {
    let world = World::start();
    let hold = hold_id(&world.create(AGENT, "ada"));
    // The agent's key has no scope for it; its person's other key has, and may even speak for it.
    assert_eq!(world.approve(AGENT, &hold).status, 403);
    refused_with(&world.approve(FRIEND, &hold), 403, "own-hold");
    refused_with(&world.reject(FRIEND, &hold), 403, "own-hold");
    // Another tenant's approver does not even learn that there is such a hold.
    refused_with(&world.approve(STRANGER, &hold), 404, "not-found");
    assert_eq!(world.ask(STRANGER, "GET", "/api/v1/holds", &json!(null)).json()["holds"], json!([]));
    refused(&world.create(AGENT, "ada"), 403, "approval_required");
    assert_eq!((world.tool.count(), &world.hold(&hold)["state"]), (0, &json!("pending")));
    assert_eq!(world.approve(RISK, &hold).status, 200, "anybody else with the scope may");
}

#[test]
fn a_caller_that_leaves_while_it_waits_gets_nothing_executed() {
    let world = World::waiting("{wait_ms: 30000}");
    let mut client = world.gateway.client();
    client.send(&raw_create("ada"));
    let hold = world.waited_for(1);
    drop(client);
    eventually("the end of the wait", || (world.hold(&hold)["waiting"] == 0).then_some(()));
    // The ticket stays for a repeat.
    assert_eq!(world.approve(OPS, &hold).status, 200);
    assert_eq!(world.tool.count(), 0);
    assert_eq!(world.create(AGENT, "ada").status, 200);
    assert_eq!(world.tool.count(), 1);
    let left = "aegis_requests_total{code=\"client_gone\",outcome=\"REQUIRE_CONFIRMATION\",route=\"crm\"} 1";
    assert!(metrics(&world).contains(left), "{}", metrics(&world));
}

#[test]
fn a_caller_may_send_its_next_request_while_it_waits() {
    let world = World::waiting("{wait_ms: 30000}");
    let mut client = world.gateway.client();
    client.send(&raw_create("ada"));
    let hold = world.waited_for(1);
    client.send(format!("GET /crm/contacts/1 HTTP/1.1\r\nHost: x\r\nX-Api-Key: {AGENT}\r\n\r\n").as_bytes());
    assert_eq!(world.approve(OPS, &hold).status, 200);
    assert_eq!((client.answer().unwrap().status, client.answer().unwrap().status), (200, 200));
    let lines: Vec<_> = world.tool.seen().iter().map(|seen| seen.line().to_owned()).collect();
    assert_eq!(lines, ["POST /crm/contacts HTTP/1.1", "GET /crm/contacts/1 HTTP/1.1"]);
}

#[test]
fn a_caller_gives_its_call_up() {
    let world = World::waiting("{wait_ms: 30000}");
    let call = world.creating(AGENT, "ada");
    let hold = world.waited_for(1);
    refused_with(&world.cancel(OTHER, &hold), 403, "not-own-hold");
    refused_with(&world.cancel(OPS, &hold), 403, "not-own-hold");
    let cancelled = world.cancel(AGENT, &hold);
    assert_eq!((cancelled.status, &cancelled.json()["state"]), (200, &json!("cancelled")));
    refused(&call.join().unwrap(), 403, "hold_cancelled");
    let late = world.approve(OPS, &hold);
    refused_with(&late, 409, "not-pending");
    assert_eq!(late.json()["state"], "cancelled");
    assert_eq!(world.tool.count(), 0);
}

#[test]
fn an_anonymous_caller_gets_the_wait_and_no_ticket() {
    let world = World::waiting("{wait_ms: 1}");
    let lend = |client: &mut Client| {
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "lend"}});
        client.post_json("/open", &call.to_string()).json()["result"].clone()
    };
    let mut client = world.gateway.client();
    let told = lend(&mut client);
    let meta = &told["_meta"]["aegis/decision"];
    assert_eq!((&told["isError"], &meta["code"]), (&json!(true), &json!("approval_required")), "{told}");
    assert_eq!(meta.get("hold_id"), None, "{told}");
    assert!(world.pending().is_empty(), "nobody would ever come back for it");
    let all = world.ask(OPS, "GET", "/api/v1/holds", &json!(null)).json();
    assert_eq!((&all["total"], &all["holds"][0]["state"]), (&json!(1), &json!("cancelled")));
    assert_eq!(world.tool.count(), 0);
}

#[test]
fn an_anonymous_caller_that_waits_is_let_through() {
    let world = World::waiting("{wait_ms: 30000}");
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "lend"}});
    let waits = |mut client: Client| {
        let call = call.to_string();
        std::thread::spawn(move || client.post_json("/open", &call).text())
    };
    // Two of them make the same call, and neither may take the other's approval.
    let (first, second) = (waits(world.gateway.client()), waits(world.gateway.client()));
    let pending = eventually("two holds", || Some(world.pending()).filter(|pending| pending.len() == 2));
    let holds: Vec<_> = pending.iter().map(|hold| hold["hold_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(world.approve(OPS, &holds[0]).status, 200);
    world.tool.wait();
    world.until(&holds[0], "consumed");
    assert_eq!(world.hold(&holds[1])["state"], "pending");
    assert_eq!(world.reject(OPS, &holds[1]).status, 200);
    let mut told = [first.join().unwrap(), second.join().unwrap()];
    told.sort_by_key(String::len);
    assert_eq!(told[0], "{\"ok\":true}");
    assert!(told[1].contains("hold_rejected"), "{}", told[1]);
    assert_eq!(world.tool.count(), 1);
}

#[test]
fn a_key_that_is_gone_at_the_release_releases_nothing() {
    let world = World::waiting("{wait_ms: 30000}");
    let call = world.creating(AGENT, "ada");
    let hold = world.waited_for(1);
    let path = world.gateway.folder().join("gateway.yaml");
    let config = std::fs::read_to_string(&path).unwrap();
    let version = world.gateway.config_check()["snapshot_version"].clone();
    let without: String =
        config.lines().filter(|line| !line.contains("{id: agent,")).map(|line| format!("{line}\n")).collect();
    std::fs::write(&path, without).unwrap();
    world.gateway.signal("HUP");
    eventually("the new keys", || {
        (world.gateway.config_check()["snapshot_version"] != version).then_some(())
    });
    assert_eq!(world.approve(OPS, &hold).status, 200);
    assert_eq!(call.join().unwrap().status, 401);
    assert_eq!(world.tool.count(), 0);
}

fn metrics(world: &World) -> String {
    let mut client = world.gateway.control_client();
    client.request("GET", "/metrics", &[("X-Api-Key", super::world::METRICS)], b"").text()
}

#[test]
fn what_people_did_is_counted() {
    let world = World::start();
    let mut client = world.gateway.client();
    let holds: Vec<_> =
        ["a", "b", "c"].map(|name| hold_id(&send_create(&mut client, AGENT, name, &[]))).into();
    world.approve(OPS, &holds[0]);
    world.reject(OPS, &holds[1]);
    world.create(AGENT, "a");
    let text = metrics(&world);
    for line in [
        "aegis_holds{state=\"pending\"} 1",
        "aegis_holds{state=\"approved\"} 0",
        "aegis_holds{state=\"consumed\"} 1",
        "aegis_holds{state=\"rejected\"} 1",
        "aegis_hold_decision_seconds_count 2",
    ] {
        assert!(text.lines().any(|other| other == line), "{line}: {text}");
    }
}

#[test]
fn a_stream_of_http2_waits_and_is_noticed_when_it_is_reset() {
    let world = World::waiting("{wait_ms: 30000}");
    let client = Http2::connect(world.gateway.address);
    let create = |name: &str| {
        let (mut request, body) = (to("POST", "/crm/contacts"), format!("{{\"name\":\"{name}\"}}"));
        request.headers_mut().insert("x-api-key", AGENT.parse().unwrap());
        request.headers_mut().insert("content-type", "application/json".parse().unwrap());
        let requests = client.requests.clone();
        client.runtime.spawn(async move { exchange(requests, request, body.as_bytes()).await })
    };
    let gone = create("ada");
    let hold = world.waited_for(1);
    // Dropping what waits for an answer resets the stream; the connection stays.
    gone.abort();
    eventually("the end of the wait", || (world.hold(&hold)["waiting"] == 0).then_some(()));
    assert_eq!(world.approve(OPS, &hold).status, 200);
    assert_eq!(world.tool.count(), 0);

    let waits = create("eve");
    let hold = world.waited_for(1);
    let read = client.request(with_key(to("GET", "/crm/contacts/1")), b"").unwrap();
    assert_eq!(read.0.status().as_u16(), 200, "other streams go on meanwhile");
    assert_eq!(world.approve(OPS, &hold).status, 200);
    let (head, body) = client.runtime.block_on(waits).unwrap().unwrap();
    assert_eq!((head.status().as_u16(), body.as_slice()), (200, &b"{\"ok\":true}"[..]));
    // And the ticket of the one that left is there for a repeat.
    let (head, _) = client.runtime.block_on(create("ada")).unwrap().unwrap();
    assert_eq!((head.status().as_u16(), world.tool.count()), (200, 3));
}

fn with_key(mut request: http::Request<()>) -> http::Request<()> {
    request.headers_mut().insert("x-api-key", AGENT.parse().unwrap());
    request
}
