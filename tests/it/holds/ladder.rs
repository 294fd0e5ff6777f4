//! How a caller waits: in its request for as long as it likes, not at all, or with an answer that says where to look.

use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::json;

use super::world::{AGENT, OPS, Terms, World, hold_id, refused};
use crate::support::Tool;

#[test]
fn a_caller_says_how_long_it_waits() {
    let world = World::start();
    let mut client = world.gateway.client();
    // As long as the caller asks, and the answer says so; within the route's limit.
    let call = std::thread::spawn({
        let mut client = world.gateway.client();
        move || super::world::send_create(&mut client, AGENT, "ada", &[("Prefer", "wait=30")])
    });
    let hold = world.waited_for(1);
    assert_eq!(world.approve(OPS, &hold).status, 200);
    let answer = call.join().unwrap();
    assert_eq!((answer.status, answer.header("preference-applied")), (200, Some("wait=30")));
    let none = super::world::send_create(&mut client, AGENT, "ada", &[("Prefer", "wait=0")]);
    refused(&none, 403, "approval_required");
    assert_eq!(none.header("preference-applied"), Some("wait=0"));
    // Not asked for, not said.
    assert_eq!(world.create(AGENT, "ada").header("preference-applied"), None);
}

#[test]
fn what_was_heeded_is_not_asked_of_the_tool_too() {
    let tool = Tool::answering(|_, stream| {
        let head = "HTTP/1.1 200 OK\r\nPreference-Applied: return=minimal\r\nContent-Length: 2\r\n\r\n{}";
        stream.write_all(head.as_bytes()).unwrap();
    });
    let world = World::before(tool, Terms::default());
    let prefer = [("Prefer", "wait=1, return=minimal"), ("Prefer", "respond-async")];
    let hold = hold_id(&world.create_with(AGENT, "ada", &[("Prefer", "wait=0")]));
    assert_eq!(world.approve(OPS, &hold).status, 200);
    let answer = world.create_with(AGENT, "ada", &prefer);
    let applied = answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("preference-applied"));
    let applied: Vec<_> = applied.map(|(_, value)| value.as_str()).collect();
    assert_eq!((answer.status, applied), (200, vec!["return=minimal", "wait=1"]));
    assert_eq!(world.tool.only().header("prefer"), ["return=minimal"]);
    // What is not held is the tool's alone.
    let mut client = world.gateway.client();
    let read = [("X-Api-Key", AGENT), ("Prefer", "wait=1"), ("Prefer", "respond-async")];
    assert_eq!(client.request("GET", "/crm/contacts/1", &read, b"").status, 200);
    assert_eq!(world.tool.seen()[1].header("prefer"), ["wait=1", "respond-async"]);
}

#[test]
fn nobody_waits_longer_than_the_route_allows() {
    let world = World::with(Terms { hold: Some("{wait_ms: 0, max_wait_ms: 1000}"), ..Terms::default() });
    let started = Instant::now();
    let answer = world.create_with(AGENT, "ada", &[("Prefer", "wait=86400")]);
    refused(&answer, 403, "approval_required");
    assert_eq!(answer.header("preference-applied"), Some("wait=1"));
    assert!(started.elapsed() >= Duration::from_secs(1), "it did wait");
}

#[test]
fn the_routes_own_wait_ends_with_a_ticket() {
    let world = World::waiting("{wait_ms: 50}");
    let answer = world.create(AGENT, "ada");
    refused(&answer, 403, "approval_required");
    let hold = hold_id(&answer);
    let said = answer.json();
    assert_eq!(said["state"], "pending");
    assert!(said["expires_at"].is_string() && said["retry_after"].is_u64(), "{said}");
    let detail = said["detail"].as_str().unwrap();
    assert!(detail.contains("ask") && detail.contains(&hold) && detail.contains("Repeat"), "{detail}");
    assert_eq!(world.hold(&hold)["state"], "pending");
}

#[test]
fn who_wants_an_answer_at_once_is_told_where_to_look() {
    let world = World::with(Terms { hold: Some("{wait_ms: 30000}"), ..Terms::default() });
    let prefer = [("Prefer", "respond-async")];
    let answer = world.create_with(AGENT, "ada", &prefer);
    assert_eq!((answer.status, answer.header("preference-applied")), (202, Some("respond-async")));
    let hold = hold_id(&answer);
    let location = answer.header("location").unwrap().to_owned();
    assert_eq!(location, format!("http://{}/api/v1/holds/{hold}", world.gateway.control));
    assert!(answer.header("retry-after").is_some());
    // The caller may look at its own hold there, and at nobody else's.
    let look = |key| world.ask(key, "GET", &format!("/api/v1/holds/{hold}"), &json!(null));
    assert_eq!((look(AGENT).status, look(AGENT).json()["state"].clone()), (200, json!("pending")));
    assert_eq!(look(super::world::OTHER).status, 403);
    world.approve(OPS, &hold);
    let done = world.create_with(AGENT, "ada", &prefer);
    assert_eq!((done.status, done.text().as_str()), (200, "{\"ok\":true}"));
    assert_eq!(world.tool.count(), 1);
}

#[test]
fn links_lead_where_people_reach_the_gateway() {
    let world = World::with(Terms { public: "https://aegis.example/ops", ..Terms::default() });
    let answer = world.create_with(AGENT, "ada", &[("Prefer", "respond-async")]);
    let link = format!("https://aegis.example/ops/api/v1/holds/{}", hold_id(&answer));
    assert_eq!(answer.header("location"), Some(link.as_str()));
    assert_eq!(answer.json()["hold"], link.as_str());
}
