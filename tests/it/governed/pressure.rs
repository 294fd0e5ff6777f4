//! Under load and with faults: every proposal is decided and recorded once, or not at all. The names are those of the table in
//! `mod.rs`.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::world::{ADMIN, AGENT, OPS, World, came_to, code, proposal};
use crate::support::{Answer, Client};

const READS: &str = "data.read";

/// Proposes [`READS`] with an idempotency key.
fn keyed(world: &World, key: &str, parameters: &Value) -> Answer {
    let headers = [("X-Api-Key", AGENT), ("Content-Type", "application/json"), ("Idempotency-Key", key)];
    let body = proposal(READS, parameters).to_string();
    world.gateway.control_client().request("POST", "/api/v1/governance/propose", &headers, body.as_bytes())
}

/// A world in which `agent-1` may read, so often within an hour.
fn reading(times: u32) -> World {
    let world = World::start();
    world.register(READS, "low");
    world.policy("reads", &json!([{"capability": READS, "outcome": "ALLOW"}]));
    let rate = json!({"rate_limit": {"max_requests": times, "window_seconds": 3600}});
    world.grant("agent-1", READS, &rate);
    world
}

/// The store of a stopped or running gateway.
fn store(world: &World) -> Connection {
    Connection::open(world.gateway.folder().join("data/aegis.db")).unwrap()
}

/// AV-4.3: whoever reads decisions and the audit log as fast as it can keeps no proposal from being decided and recorded.
#[test]
fn readers_of_the_ledger_lose_no_proposal() {
    const WRITERS: usize = 4;
    const EACH: usize = 50;
    let world = World::with("{capabilities: off, grants: off}");
    world.policy("reads", &json!([{"capability": READS, "outcome": "ALLOW"}]));
    let (control, done, read) = (world.gateway.control, AtomicBool::new(false), AtomicUsize::new(0));
    let ids: Vec<String> = thread::scope(|scope| {
        for path in [
            "/api/v1/governance/decisions?limit=200",
            "/api/v1/audit/log?limit=200",
            "/api/v1/governance/decisions?actor_id=agent-1&outcome=ALLOW",
            "/api/v1/audit/log?event_type=governance.decision&capability=data.read",
        ] {
            let (done, read) = (&done, &read);
            scope.spawn(move || {
                let mut client = Client::connect(control);
                while !done.load(Ordering::Relaxed) {
                    let answer = client.request("GET", path, &[("X-Api-Key", ADMIN)], b"");
                    assert!(matches!(answer.status, 200 | 503), "{path}: {}", answer.text());
                    read.fetch_add(usize::from(answer.status == 200), Ordering::Relaxed);
                }
            });
        }
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                scope.spawn(move || {
                    let mut client = Client::connect(control);
                    let propose = |number| {
                        let body = proposal(READS, &json!({"writer": writer, "number": number})).to_string();
                        let headers = [("X-Api-Key", AGENT), ("Content-Type", "application/json")];
                        let path = "/api/v1/governance/propose";
                        let answer = client.request("POST", path, &headers, body.as_bytes());
                        assert_eq!(answer.status, 200, "{}", answer.text());
                        answer.json()["decision_id"].as_str().unwrap().to_owned()
                    };
                    (0..EACH).map(propose).collect::<Vec<_>>()
                })
            })
            .collect();
        let ids = writers.into_iter().map(thread::ScopedJoinHandle::join).collect::<Vec<_>>();
        done.store(true, Ordering::Relaxed);
        ids.into_iter().flat_map(Result::unwrap).collect()
    });
    assert!(read.load(Ordering::Relaxed) > 0);
    let recorded = world.gateway.records_of("decision");
    let recorded: Vec<&str> = recorded.iter().map(|record| record["decision_id"].as_str().unwrap()).collect();
    assert_eq!((ids.len(), recorded.len()), (WRITERS * EACH, WRITERS * EACH));
    let ids: HashSet<&str> = ids.iter().map(String::as_str).collect();
    assert_eq!(ids, recorded.into_iter().collect());
    assert!(world.gateway.verify().status.success());
}

/// A proposal whose key cannot be claimed is not decided, takes nothing of a grant, and may be sent again as it is.
#[test]
fn while_the_store_is_locked_a_proposal_with_a_key_is_not_decided() {
    let world = reading(1);
    let first = keyed(&world, "a", &json!({}));
    came_to(&first.json(), "ALLOW", "policy_allowed");
    let before = world.gateway.records_of("decision").len();
    let grant = json!({"capability": READS, "constraints": {"rate_limit": {"max_requests": 2, "window_seconds": 3600}}});
    assert_eq!(world.ask(ADMIN, "POST", "/api/v1/actors/agent-1/grants", &grant).status, 200);
    let lock = store(&world);
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = keyed(&world, "b", &json!({}));
    assert_eq!(code(&refused), (503, json!("store-unavailable")), "{}", refused.text());
    assert_eq!(refused.header("retry-after"), Some("1"));
    // What was answered before still is: that takes no writing.
    let again = keyed(&world, "a", &json!({}));
    assert_eq!((again.header("idempotent-replay"), &again.body), (Some("true"), &first.body));
    assert_eq!(world.gateway.records_of("decision").len(), before);
    drop(lock);
    let taken = keyed(&world, "b", &json!({}));
    came_to(&taken.json(), "ALLOW", "policy_allowed");
    assert_eq!(keyed(&world, "b", &json!({})).body, taken.body);
    came_to(&world.propose(READS, &json!({})), "DENY", "grant_rate_exceeded");
}

/// A gateway that dies between a claim and its answer leaves a key that nothing is decided under.
#[test]
fn a_key_whose_proposal_may_have_been_decided_is_used_no_more() {
    let mut world = reading(2);
    let first = keyed(&world, "k", &json!({}));
    came_to(&first.json(), "ALLOW", "policy_allowed");
    world.gateway.signal("KILL");
    world.gateway.wait();
    // As it would be, had it died a moment earlier.
    assert_eq!(store(&world).execute("UPDATE replays SET status = 0, body = x''", []).unwrap(), 1);
    world.gateway = world.gateway.restart();
    for _ in 0..2 {
        let answer = keyed(&world, "k", &json!({}));
        assert_eq!(code(&answer), (409, json!("idempotency-unknown")), "{}", answer.text());
        assert_eq!(answer.header("retry-after"), None);
    }
    assert_eq!(code(&keyed(&world, "k", &json!({"n": 1}))), (409, json!("idempotency-key-reused")));
    came_to(&keyed(&world, "l", &json!({})).json(), "ALLOW", "policy_allowed");
    came_to(&world.propose(READS, &json!({})), "DENY", "grant_rate_exceeded");
}

/// Mass grants: one request gives one grant, of one capability.
#[test]
fn grants_are_given_one_by_one() {
    let world = World::start();
    let path = "/api/v1/actors/agent-1/grants";
    let one = json!({"capability": "data.read"});
    let many: Vec<Value> = (0..51).map(|number| json!({"capability": format!("data.n{number}")})).collect();
    for body in [
        json!(many),
        json!({"grants": many}),
        json!({"capability": ["data.read", "data.write"]}),
        json!({"capabilities": ["data.read", "data.write"]}),
        json!({"capability": "data.read data.write"}),
        json!({"capability": "data.read", "actor": "*"}),
    ] {
        let answer = world.ask(ADMIN, "POST", path, &body);
        assert_eq!(code(&answer), (400, json!("bad-body")), "{body:.80}: {}", answer.text());
    }
    let long = json!({"capability": "x".repeat(2 * 1024 * 1024)});
    assert_eq!(code(&world.ask(ADMIN, "POST", path, &long)), (413, json!("body-too-large")));
    for key in [AGENT, OPS] {
        assert_eq!(code(&world.ask(key, "POST", path, &one)), (403, json!("scope-missing")));
    }
    assert_eq!(world.get(ADMIN, path)["total"], 0);
    assert_eq!(world.ask(ADMIN, "POST", path, &one).status, 201);
    assert_eq!(world.get(ADMIN, path)["total"], 1);
}
