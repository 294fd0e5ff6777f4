//! A limit that all callers of a capability share: what one does quickly, many do together, or one does slowly comes to as much, by
//! whatever way, and over the gateway's death (AV-2.2, AV-7.1, AV-7.2).

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};

use super::world::{
    AGENT, OPS, RISK, SECURITY, STRANGE_ADMIN, STRANGER, World, bot, came_to, proposal, try_post,
};

const CREATE: &str = "crm.contacts.create";
const POLICY: &str = "{capabilities: required, grants: off}";
const BOTS: usize = 100;
const LIMIT: usize = 50;

/// Registers [`CREATE`] with a limit of an hour, and lets everybody use it.
fn limit(world: &World, most: usize, then: &str) {
    let limit = json!({"max_requests": most, "window_seconds": 3600, "then": then});
    let made = world
        .make("/api/v1/capabilities", &json!({"name": CREATE, "risk_level": "low", "shared_limit": limit}));
    assert_eq!(made["shared_limit"], limit);
    world.policy("crm", &json!([{"capability": "crm.*", "outcome": "ALLOW"}]));
}

fn limited(most: usize, then: &str) -> World {
    let world = World::with(POLICY);
    limit(&world, most, then);
    world
}

fn at(world: &World) -> (SocketAddr, SocketAddr) {
    (world.gateway.control, world.gateway.address)
}

fn ada() -> Value {
    json!({"name": "ada"})
}

/// What came of a call: whether it was let through, and the code it was answered with.
type Came = (bool, Value);

/// A call of `bot-{number}`, as a proposal or through the data plane; `None`: the gateway went away.
fn ask((control, data): (SocketAddr, SocketAddr), number: usize, proposes: bool) -> Option<Came> {
    if proposes {
        let mut body = proposal(CREATE, &ada());
        body["actor"]["id"] = json!(format!("bot-{number}"));
        let (_, said) = try_post(control, &bot(number), "/api/v1/governance/propose", &body.to_string())?;
        assert!(said["outcome"].is_string(), "{said}");
        return Some((said["outcome"] == "ALLOW", said["code"].clone()));
    }
    let (status, said) = try_post(data, &bot(number), "/crm/contacts", &ada().to_string())?;
    Some((status == 200, said["code"].clone()))
}

/// `BOTS` callers over 16 connections at once, each `rounds` times and by turns in both ways; how many were let through. The others
/// were told `code`.
fn storm(place: (SocketAddr, SocketAddr), rounds: usize, code: &str, allowed: &AtomicUsize) {
    thread::scope(|scope| {
        for client in 0..16 {
            scope.spawn(move || {
                for round in 0..rounds {
                    for number in (client..BOTS).step_by(16) {
                        let Some((passed, told)) = ask(place, number, (number + round) % 2 == 0) else {
                            return;
                        };
                        if passed {
                            allowed.fetch_add(1, Ordering::Relaxed);
                        } else {
                            assert_eq!(told, code);
                        }
                    }
                }
            });
        }
    });
}

fn recorded(world: &World, outcome: &str) -> usize {
    let records = world.gateway.records_of("decision");
    records.iter().filter(|record| record["outcome"] == outcome).count()
}

#[test]
fn of_twenty_one_quick_calls_the_last_is_escalated() {
    let mut world = limited(20, "ESCALATE");
    for _ in 0..20 {
        came_to(&world.propose(CREATE, &ada()), "ALLOW", "policy_allowed");
    }
    let answer = world.propose(CREATE, &ada());
    came_to(&answer, "ESCALATE", "approval_required");
    let reason = answer["reason"].as_str().unwrap();
    assert!(reason.contains("20 calls of crm.contacts.create in 3600 seconds"), "{reason}");
    assert!(!reason.contains("ada"), "{reason}");
    // A proxied call is the same call to the limit.
    let proxied = world.call("POST", "/crm/contacts");
    assert_eq!((proxied.status, &proxied.json()["code"]), (403, &json!("approval_required")));
    assert_eq!(world.tool.count(), 0);
    let hold = answer["confirmation"]["hold_id"].clone();
    assert_eq!(world.approve(OPS, &hold).status, 403, "not of the escalation roles");
    for key in [RISK, SECURITY] {
        let answer = world.approve(key, &hold);
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    came_to(&world.confirm(CREATE, &ada(), &hold), "ALLOW", "approved");
    came_to(&world.confirm(CREATE, &ada(), &hold), "ESCALATE", "confirmation_invalid");
    // It counts too, and is not forgotten.
    world.restart("KILL");
    came_to(&world.propose(CREATE, &json!({"name": "eve"})), "ESCALATE", "approval_required");
    let records = world.gateway.records_of("decision");
    let last = records.last().unwrap();
    assert_eq!(last["facts"]["shared_uses"], json!([21]), "{last}");
    let lifted = json!({"engine": "capabilities", "outcome": "ESCALATE", "rule": "shared_limit"});
    assert!(last["findings"].as_array().unwrap().contains(&lifted), "{last}");
    let approved = records.iter().find(|record| record["code"] == "approved").unwrap();
    assert_eq!(approved["shared_charge"]["max_requests"], 20, "{approved}");
}

#[test]
fn a_hundred_callers_together_get_exactly_as_much_as_all_may() {
    let world = World::with_bots(POLICY, BOTS);
    limit(&world, LIMIT, "ESCALATE");
    let allowed = AtomicUsize::new(0);
    storm(at(&world), 1, "approval_required", &allowed);
    assert_eq!(allowed.load(Ordering::Relaxed), LIMIT);
    assert_eq!((recorded(&world, "ALLOW"), recorded(&world, "ESCALATE")), (LIMIT, BOTS - LIMIT));
}

#[test]
fn a_restart_refills_nothing_and_a_death_in_the_middle_neither() {
    let mut world = World::with_bots(POLICY, BOTS);
    limit(&world, LIMIT, "DENY");
    let allowed = AtomicUsize::new(0);
    thread::scope(|scope| {
        let (place, counted) = (at(&world), &allowed);
        let storming = scope.spawn(move || storm(place, 8, "shared_limit_exceeded", counted));
        while allowed.load(Ordering::Relaxed) < LIMIT / 2 && !storming.is_finished() {
            thread::yield_now();
        }
        world.gateway.signal("KILL");
    });
    world.gateway.wait();
    world.gateway = world.gateway.restart();
    storm(at(&world), 1, "shared_limit_exceeded", &allowed);
    let (heard, recorded_allows) = (allowed.load(Ordering::Relaxed), recorded(&world, "ALLOW"));
    assert!(heard <= recorded_allows, "{heard} heard, {recorded_allows} recorded");
    assert_eq!(recorded_allows, LIMIT, "no more, and what was left was given out");
    world.restart("TERM");
    storm(at(&world), 1, "shared_limit_exceeded", &allowed);
    assert_eq!(recorded(&world, "ALLOW"), LIMIT);
}

#[test]
fn each_tenant_has_its_own_uses_and_may_add_a_limit() {
    let world = limited(2, "ESCALATE");
    let strange = || world.propose_raw(STRANGER, &proposal(CREATE, &ada())).json();
    for outcome in ["ALLOW", "ALLOW", "ESCALATE", "ESCALATE"] {
        assert_eq!(world.propose(CREATE, &ada())["outcome"], outcome);
    }
    assert_eq!(strange()["outcome"], "ALLOW");
    let own = json!({"name": CREATE, "risk_level": "low", "tenant": "elsewhere",
        "shared_limit": {"max_requests": 1, "window_seconds": 60, "then": "DENY"}});
    let made = world.ask(STRANGE_ADMIN, "POST", "/api/v1/capabilities", &own);
    assert_eq!(made.status, 201, "{}", made.text());
    came_to(&strange(), "DENY", "shared_limit_exceeded");
    // It holds for that tenant alone, and no wider one of its own takes anything away.
    assert_eq!(world.propose(CREATE, &ada())["outcome"], "ESCALATE");
    let record =
        world.gateway.records_of("decision").into_iter().rev().find(|it| it["tenant"] == "elsewhere");
    assert_eq!(record.unwrap()["facts"]["shared_uses"], json!([1, 1]));
}

#[test]
fn what_is_beyond_a_limit_that_denies_is_refused_on_every_way() {
    let world = limited(2, "DENY");
    assert_eq!(world.call("POST", "/crm/contacts").status, 200);
    came_to(&world.propose(CREATE, &ada()), "ALLOW", "policy_allowed");
    let refused = world.call("POST", "/crm/contacts");
    assert_eq!((refused.status, &refused.json()["code"]), (403, &json!("shared_limit_exceeded")));
    came_to(&world.propose(CREATE, &ada()), "DENY", "shared_limit_exceeded");
    assert_eq!(world.tool.count(), 1);
    let metrics = world.ask(super::world::ADMIN, "GET", "/metrics", &Value::Null);
    assert!(metrics.text().contains("code=\"shared_limit_exceeded\""), "{}", metrics.text());
    // What is not counted by a limit is as it was.
    world.register("crm.contacts.read", "low");
    for _ in 0..5 {
        assert_eq!(world.call("GET", "/crm/contacts/1").status, 200);
    }
    assert!(world.gateway.verify().status.success());
}

/// What passes in mode `shadow` without being allowed counts neither at once nor after a restart; what is allowed there does.
#[test]
fn what_is_only_watched_takes_nothing() {
    let mut world = World::in_shadow(POLICY);
    limit(&world, 2, "ESCALATE");
    for _ in 0..4 {
        assert_eq!(world.call("POST", "/crm/contacts").status, 200);
    }
    assert_eq!((recorded(&world, "ALLOW"), recorded(&world, "ESCALATE")), (2, 2));
    for signal in ["KILL", "TERM"] {
        came_to(&world.propose(CREATE, &ada()), "ESCALATE", "approval_required");
        let record = world.gateway.records_of("decision").pop().unwrap();
        assert_eq!(record["facts"]["shared_uses"], json!([2]), "{record}");
        world.restart(signal);
    }
}

#[test]
fn a_limit_that_makes_no_sense_is_refused_with_its_place() {
    let world = World::with(POLICY);
    for (limit, said) in [
        (json!({"max_requests": 0, "window_seconds": 1}), "shared_limit.max_requests"),
        (json!({"max_requests": 1}), "window_seconds"),
        (json!({"max_requests": 1, "window_seconds": 1, "then": "ALLOW"}), "shared_limit.then"),
        (json!({"max_requests": 1, "window_seconds": 1, "per": "actor"}), "shared_limit.per"),
    ] {
        let body = json!({"name": CREATE, "risk_level": "low", "shared_limit": limit});
        let refused = world.ask(super::world::ADMIN, "POST", "/api/v1/capabilities", &body);
        assert_eq!(refused.status, 400, "{}", refused.text());
        assert!(refused.text().contains(said), "{}", refused.text());
    }
    assert_eq!(world.propose_raw(AGENT, &proposal(CREATE, &ada())).json()["code"], "capability_unknown");
}
