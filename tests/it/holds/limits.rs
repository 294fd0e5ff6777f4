//! How many calls may wait, and what they may cost.

use serde_json::json;

use super::world::{AGENT, OPS, OTHER, Terms, World, hold_id, refused};
use crate::support::eventually;

#[test]
fn an_actor_the_tenant_and_all_have_only_so_many_pending_holds() {
    for (holds, another) in [
        ("max_pending_per_actor: 2", "approval_required"),
        ("max_pending_per_tenant: 2", "hold_limit"),
        ("max_pending: 2", "hold_limit"),
    ] {
        let world = World::with(Terms { holds, ..Terms::default() });
        let first = hold_id(&world.create(AGENT, "a"));
        hold_id(&world.create(AGENT, "b"));
        let full = world.create(AGENT, "c");
        refused(&full, 403, "hold_limit");
        assert!(full.json()["detail"].as_str().unwrap().contains(holds.split(':').next().unwrap()));
        refused(&world.create(OTHER, "a"), 403, another);
        // What was there before is found again, and what is decided makes room.
        assert_eq!(hold_id(&world.create(AGENT, "a")), first);
        world.reject(OPS, &first);
        refused(&world.create(AGENT, "c"), 403, "approval_required");
        let denied = world.gateway.records_of("decision");
        let outcomes = denied.iter().filter(|record| record["code"] == "hold_limit");
        let outcomes: Vec<_> = outcomes.map(|record| record["outcome"].as_str().unwrap()).collect();
        assert_eq!(outcomes, vec!["DENY"; if another == "hold_limit" { 2 } else { 1 }], "{holds}");
    }
}

#[test]
fn a_call_whose_body_has_no_room_is_told_at_once() {
    let world = World::with(Terms {
        hold: Some("{wait_ms: 30000}"),
        holds: "max_waiting_bytes: 20",
        ..Terms::default()
    });
    let waits = world.creating(AGENT, "ada");
    let hold = world.waited_for(1);
    refused(&world.create(AGENT, "eve"), 403, "approval_required");
    world.approve(OPS, &hold);
    assert_eq!(waits.join().unwrap().status, 200);
    assert_eq!(world.tool.count(), 1);
}

#[test]
fn those_that_wait_take_no_places_from_others() {
    let world =
        World::with(Terms { hold: Some("{wait_ms: 30000}\n  max_concurrent: 2"), ..Terms::default() });
    let calls: Vec<_> = ["a", "b", "c", "d"]
        .map(|name| {
            // One after the other: each has a place until it waits.
            let before = world.pending().len();
            let call = world.creating(AGENT, name);
            eventually("one more that waits", || {
                let pending = world.pending();
                (pending.len() > before && pending.iter().all(|hold| hold["waiting"] == 1)).then_some(())
            });
            call
        })
        .into();
    let pending = world.pending();
    assert_eq!(pending.len(), 4);
    let mut client = world.gateway.client();
    let read = client.request("GET", "/crm/contacts/1", &[("X-Api-Key", AGENT)], b"");
    assert_eq!(read.status, 200, "{}", read.text());
    for hold in pending {
        assert_eq!(world.reject(OPS, hold["hold_id"].as_str().unwrap()).status, 200);
    }
    for call in calls {
        refused(&call.join().unwrap(), 403, "hold_rejected");
    }
}

#[test]
fn a_hold_and_an_actor_have_so_many_that_wait_and_more_are_told_at_once() {
    let world = World::with(Terms {
        hold: Some("{wait_ms: 60000}"),
        holds: "max_pending_per_actor: 10",
        ..Terms::default()
    });
    let mut waits: Vec<_> = (0..8).map(|_| world.creating(AGENT, "a")).collect();
    let first = world.waited_for(8);
    refused(&world.create(AGENT, "a"), 403, "approval_required");
    waits.extend((0..2).map(|_| world.creating(AGENT, "b")));
    let second = world.waited_for(2);
    refused(&world.create(AGENT, "c"), 403, "approval_required");
    let other = world.creating(OTHER, "d");
    let third = world.waited_for(1);
    for hold in [&first, &second, &third] {
        assert_eq!(world.approve(OPS, hold).status, 200);
    }
    waits.push(other);
    let mut ended: Vec<_> = waits.into_iter().map(|wait| wait.join().unwrap().status).collect();
    ended.sort_unstable();
    assert_eq!(ended, [vec![200; 3], vec![409; 8]].concat());
    assert_eq!(world.tool.count(), 3);
}

#[test]
fn long_arguments_are_held_and_not_shown() {
    let world = World::start();
    let name = "x".repeat(100_000);
    let hold = world.hold(&hold_id(&world.create(AGENT, &name)));
    assert_eq!(hold["arguments"], json!(null));
    assert!(hold["arguments_bytes"].as_u64().unwrap() > 100_000, "{hold}");
    world.approve(OPS, hold["hold_id"].as_str().unwrap());
    assert_eq!(world.create(AGENT, &name).status, 200);
    assert!(world.tool.only().text().len() > 100_000);
}

#[test]
fn a_long_resource_is_shown_in_part_and_recorded_whole() {
    let world = World::start();
    let id = "x".repeat(3000);
    let hold = world.hold(&hold_id(&world.delete(AGENT, &id)));
    assert_eq!(hold["resource"], format!("contact:{}...", "x".repeat(1013)));
    let decisions = world.gateway.records_of("decision");
    assert_eq!(decisions.last().unwrap()["resource"], format!("contact:{id}"));
    let opened = world.gateway.records_of("hold");
    assert_eq!(opened.last().unwrap()["resource"], hold["resource"]);
}
