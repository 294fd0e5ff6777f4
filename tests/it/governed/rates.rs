//! A grant's rate: exactly as many calls as it allows, whoever asks at once, by whatever way, and over the gateway's death.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::json;

use super::world::{AGENT, World, proposal, try_post};

const LIMIT: usize = 100;

fn limited() -> World {
    let world = World::start();
    world.register("crm.contacts.create", "low");
    world.policy("crm", &json!([{"capability": "crm.*", "outcome": "ALLOW"}]));
    let rate = json!({"rate_limit": {"max_requests": LIMIT, "window_seconds": 3600}});
    world.grant("agent-1", "crm.contacts.create", &rate);
    world
}

fn at(world: &World) -> (SocketAddr, SocketAddr) {
    (world.gateway.control, world.gateway.address)
}

/// Sends `each` requests over each of 16 connections, by turns a proposal and a call; how many were allowed. A gateway that dies
/// ends a client.
fn storm((control, data): (SocketAddr, SocketAddr), each: usize, allowed: &AtomicUsize) {
    let body = proposal("crm.contacts.create", &json!({"name": "ada"})).to_string();
    thread::scope(|scope| {
        for client in 0..16 {
            let body = &body;
            scope.spawn(move || {
                for round in 0..each {
                    let proposes = (client + round) % 2 == 0;
                    let (address, path, sent) = if proposes {
                        (control, "/api/v1/governance/propose", body.as_str())
                    } else {
                        (data, "/crm/contacts", "{\"name\":\"ada\"}")
                    };
                    let Some((status, said)) = try_post(address, AGENT, path, sent) else { return };
                    let passed = if proposes { said["outcome"] == "ALLOW" } else { status == 200 };
                    if passed {
                        allowed.fetch_add(1, Ordering::Relaxed);
                    } else {
                        assert_eq!(said["code"], "grant_rate_exceeded", "{said}");
                    }
                }
            });
        }
    });
}

#[test]
fn sixteen_clients_get_exactly_as_much_as_the_grant_allows() {
    let world = limited();
    let allowed = AtomicUsize::new(0);
    storm(at(&world), 16, &allowed);
    assert_eq!(allowed.load(Ordering::Relaxed), LIMIT);
    let recorded = world.gateway.records_of("decision");
    let allows = recorded.iter().filter(|record| record["outcome"] == "ALLOW").count();
    assert_eq!(allows, LIMIT);
}

#[test]
fn a_restart_refills_nothing() {
    for signal in ["TERM", "KILL"] {
        let mut world = limited();
        let allowed = AtomicUsize::new(0);
        storm(at(&world), 4, &allowed);
        let before = allowed.load(Ordering::Relaxed);
        assert_eq!(before, 64, "{signal}");
        world.restart(signal);
        storm(at(&world), 8, &allowed);
        assert_eq!(allowed.load(Ordering::Relaxed), LIMIT, "{signal}");
    }
}

/// Killed in the middle: whoever heard of an ALLOW has it, and what was recorded without anybody hearing of it counts too.
#[test]
fn killed_in_the_middle_no_more_are_allowed() {
    let mut world = limited();
    let allowed = AtomicUsize::new(0);
    thread::scope(|scope| {
        let (place, counted) = (at(&world), &allowed);
        let storming = scope.spawn(move || storm(place, 64, counted));
        while allowed.load(Ordering::Relaxed) < LIMIT / 2 && !storming.is_finished() {
            thread::yield_now();
        }
        world.gateway.signal("KILL");
    });
    world.gateway.wait();
    world.gateway = world.gateway.restart();
    storm(at(&world), 16, &allowed);
    let heard = allowed.load(Ordering::Relaxed);
    let recorded = world.gateway.records_of("decision");
    let recorded = recorded.iter().filter(|record| record["outcome"] == "ALLOW").count();
    assert!(heard <= recorded && recorded <= LIMIT, "{heard} heard, {recorded} recorded");
    assert_eq!(recorded, LIMIT, "what was left was given out");
}
