//! The six gates on live traffic: an agent that always reads suddenly deletes. Watched, nothing is blocked and every number is there;
//! enforced, the call is held or halted, also after the gateway died.

use std::fs;

use serde_json::{Value, json};

use super::world::{ADMIN, AGENT, OPS, OTHER, STRANGE_ADMIN, World, came_to, code};
use crate::governance::is_described;
use crate::support::{Answer, aegis, metric_in};

const READ: &str = "crm.contacts.read";
const DELETE: &str = "crm.contacts.delete";

/// A world in which agents may read and delete, gates in `mode`.
fn gated(mode: &str) -> World {
    let world = World::with(&format!(
        "{{capabilities: required, grants: off, gates: {{mode: {mode}, drift: {{window: 30}}}}}}"
    ));
    world.register(READ, "low");
    world.register(DELETE, "high");
    world.policy("crm", &json!([{"capability": "crm.*", "outcome": "ALLOW"}]));
    world
}

fn read(world: &World) -> (u16, Value) {
    let answer = world.call("GET", "/crm/contacts/7");
    let code = if answer.status == 200 { Value::Null } else { answer.json()["code"].clone() };
    (answer.status, code)
}

fn last(world: &World) -> Value {
    world.gateway.records_of("decision").pop().unwrap()
}

fn metrics(world: &World) -> String {
    world.ask(ADMIN, "GET", "/metrics", &Value::Null).text()
}

fn would_have(text: &str, outcome: &str) -> f64 {
    metric_in(text, &format!("aegis_would_have_total{{engine=\"gates\",outcome=\"{outcome}\"}}"))
}

fn gate(text: &str, name: &str) -> f64 {
    metric_in(text, &format!("aegis_gate_value{{gate=\"{name}\"}}"))
}

/// Decisions whose caller's drift was of that tier.
fn drifts(text: &str, tier: &str) -> f64 {
    metric_in(text, &format!("aegis_drift_total{{tier=\"{tier}\"}}"))
}

/// Makes the numbers of a learning phase: 250 reads, then 12 deletes, all of them let through.
fn learned() -> World {
    let world = gated("shadow");
    for _ in 0..250 {
        assert_eq!(read(&world).0, 200);
    }
    let before = metrics(&world);
    assert_eq!(would_have(&before, "REQUIRE_CONFIRMATION"), 9.0, "the tenth of a kind is familiar");
    assert!(gate(&before, "novelty") > 0.8 && gate(&before, "drift") < 0.1, "{before}");
    for number in 0..12 {
        assert_eq!(world.call("DELETE", &format!("/crm/contacts/{number}")).status, 200);
        if number == 0 {
            let first = metrics(&world);
            assert!(gate(&first, "novelty") < 0.2 && gate(&first, "risk") > 0.95, "{first}");
            assert_eq!(would_have(&first, "ESCALATE"), 1.0);
        }
    }
    assert_eq!(world.tool.count(), 262, "nothing is blocked");
    world
}

/// Before drift was critical it was a warning, which was counted and recorded, and restricted nothing.
fn warned(world: &World, text: &str) {
    let records = world.gateway.records_of("decision");
    let between = |record: &&Value| {
        record["facts"]["gates"]["drift"].as_f64().is_some_and(|drift| drift > 0.3 && drift <= 0.5)
    };
    let warnings: Vec<_> = records.iter().filter(between).collect();
    assert!(!warnings.is_empty());
    for record in &warnings {
        let mut findings = record["findings"].as_array().unwrap().iter();
        let told = findings.find(|finding| finding["warning"].is_string()).unwrap();
        assert_eq!((&told["engine"], &told["outcome"]), (&json!("gates"), &Value::Null));
        assert_eq!(record["outcome"], "ALLOW");
        let id = record["decision_id"].as_str().unwrap();
        let trail = world.get(ADMIN, &format!("/api/v1/audit/log/{id}"));
        let shown = trail["evaluation"]["findings"].to_string();
        assert!(shown.contains("begin to differ"), "{trail}");
    }
    let of = |tier: fn(f64) -> bool| {
        let drifts = records.iter().filter_map(|record| record["facts"]["gates"]["drift"].as_f64());
        drifts.filter(|drift| tier(*drift)).count() as f64
    };
    assert_eq!(drifts(text, "warning"), warnings.len() as f64);
    assert_eq!(drifts(text, "normal"), of(|drift| drift <= 0.3));
    assert_eq!(drifts(text, "critical"), of(|drift| drift > 0.5));
}

#[test]
fn watched_an_agent_that_changes_is_told_of_and_not_stopped() {
    let world = learned();
    let after = metrics(&world);
    assert!(gate(&after, "drift") > 0.5 && would_have(&after, "DENY") >= 1.0, "{after}");
    let all = ["ESCALATE", "DENY"].map(|outcome| would_have(&after, outcome)).iter().sum::<f64>();
    assert_eq!(all, 12.0, "each decision once");
    warned(&world, &after);
    let record = last(&world);
    let (gates, observed) = (&record["facts"]["gates"], &record["observed"]);
    assert_eq!(
        (&record["outcome"], &gates["seen"], &gates["risk_before"]),
        (&json!("ALLOW"), &json!(11), &json!(0.1))
    );
    assert!(gates["drift"].as_f64().unwrap() > 0.5, "{record}");
    assert_eq!((&observed["score"], &observed["window"]), (&json!(0.6), &json!(30)), "{record}");
    let told = record["findings"].as_array().unwrap().iter().find(|finding| finding["engine"] == "gates");
    let told = told.unwrap();
    assert_eq!((&told["would_have"], &told["outcome"]), (&json!("DENY"), &Value::Null));
    assert!(told["reason"].as_str().unwrap().contains("drift is 0."), "{told}");
    // The same numbers, from what the record says.
    let request = json!({"capability": DELETE, "actor": "agent-1", "gates": gates});
    fs::write(world.gateway.folder().join("request.json"), request.to_string()).unwrap();
    let explain = |more: &[&str]| {
        let mut command = aegis();
        command.current_dir(world.gateway.folder()).args([
            "explain",
            "--config",
            "gateway.yaml",
            "request.json",
        ]);
        let ran = command.args(more).output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
        String::from_utf8(ran.stdout).unwrap()
    };
    let said: Value = serde_json::from_str(&explain(&["--json"])).unwrap();
    assert_eq!(said["gates"]["drift"], gates["drift"], "{said}");
    assert_eq!(
        (&said["gates"]["drift_tier"], &said["gates"]["drift_warning"]),
        (&json!("critical"), &json!(0.3))
    );
    assert_eq!((&said["gates"]["seen"], &said["gates"]["mode"]), (&json!(11), &json!("shadow")));
    for name in ["risk", "profit", "novelty", "complexity", "quality", "utility"] {
        assert!(said["gates"]["gates"][name]["threshold"].is_number(), "{said}");
    }
    let text = explain(&[]);
    assert!(text.contains("only watched, would have come to DENY") && text.contains("  drift: 0."), "{text}");
    assert!(text.contains("a warning above 0.3, critical above 0.5: critical"), "{text}");
    assert!(world.gateway.verify().status.success());
}

/// What is refused or held anyway is no more restricted by the gates, unless they want more. What they want is recorded in any case.
#[test]
fn what_would_have_been_is_counted_where_it_is_stricter() {
    let world = gated("shadow");
    world.policy("reads", &json!([{"capability": READ, "outcome": "DENY"}]));
    world.policy("deletes", &json!([{"capability": DELETE, "outcome": "REQUIRE_CONFIRMATION"}]));
    let wanted = |world: &World| {
        let record = last(world);
        let findings = record["findings"].as_array().unwrap().clone();
        let told = findings.into_iter().find(|finding| finding["engine"] == "gates").unwrap();
        (record["outcome"].clone(), told["would_have"].clone())
    };
    assert_eq!(read(&world).0, 403);
    assert_eq!(wanted(&world), (json!("DENY"), json!("REQUIRE_CONFIRMATION")));
    assert_eq!(would_have(&metrics(&world), "REQUIRE_CONFIRMATION"), 0.0);
    came_to(&world.propose(DELETE, &json!({"id": 7})), "REQUIRE_CONFIRMATION", "approval_required");
    assert_eq!(wanted(&world), (json!("REQUIRE_CONFIRMATION"), json!("ESCALATE")));
    assert_eq!(would_have(&metrics(&world), "ESCALATE"), 1.0);
}

/// The gauges are of one call: one whose caller is new shows no drift of the caller before.
#[test]
fn a_call_without_a_number_shows_none_of_another_call() {
    let world = gated("shadow");
    for _ in 0..61 {
        assert_eq!(read(&world).0, 200);
    }
    assert!(gate(&metrics(&world), "drift") >= 0.0);
    let other = json!({
        "actor": {"id": "agent-2", "type": "ai-agent"},
        "action": {"capability": READ, "parameters": {"id": 7}},
    });
    assert_eq!(world.propose_raw(OTHER, &other).status, 200);
    let text = metrics(&world);
    assert!(gate(&text, "drift").is_nan() && gate(&text, "novelty") < 0.2, "{text}");
    assert_eq!(read(&world).0, 200);
    assert!(gate(&metrics(&world), "drift") >= 0.0);
}

#[test]
fn enforced_it_is_stopped_and_a_death_makes_nothing_familiar_or_forgotten() {
    let mut world = learned();
    let drift = last(&world)["facts"]["gates"]["drift"].as_f64().unwrap();
    enforce(&mut world);
    // Even what it always did: it behaves like another.
    assert_eq!(read(&world), (403, json!("gates_drift")));
    let gates = last(&world)["facts"]["gates"].clone();
    assert_eq!((&gates["seen"], &gates["risk_before"]), (&json!(250), &json!(0.1)));
    assert!(gates["drift"].as_f64().unwrap() >= drift, "{gates}");
    assert_eq!(world.call("DELETE", "/crm/contacts/1").json()["code"], "gates_drift");
    assert_eq!(world.tool.count(), 262);
    // Behavior that is normal again is let through again, and nothing became familiar by being refused.
    let refused = (0..40).take_while(|_| read(&world).0 == 403).count();
    assert!((1..31).contains(&refused), "{refused}");
    assert_eq!(last(&world)["facts"]["gates"]["seen"], 250);
    // A delete is familiar by now, and still for people to decide: its capability is of a high level.
    let held = world.call("DELETE", "/crm/contacts/1");
    assert_eq!((held.status, &held.json()["code"]), (403, &json!("approval_required")));
    assert_eq!(world.tool.count(), 263);
    assert!(world.gateway.verify().status.success());
}

/// The gateway is killed, and from then on the gates restrict.
fn enforce(world: &mut World) {
    let path = world.gateway.folder().join("gateway.yaml");
    let config = fs::read_to_string(&path).unwrap();
    fs::write(path, config.replace("gates: {mode: shadow", "gates: {mode: enforce")).unwrap();
    world.restart("KILL");
}

/// Asks for a recalibration; the answer is as it is described.
fn recalibrate(world: &World, key: &str, actor: &str, body: &Value) -> Answer {
    let path = format!("/api/v1/actors/{actor}/drift/recalibrate");
    let answer = world.ask(key, "POST", &path, body);
    is_described("POST", &path, &answer);
    answer
}

/// An operator knows why the agent changed: it is compared with what it does from then on, also after the gateway died.
#[test]
fn a_recalibrated_agent_is_compared_with_what_it_does_from_then_on() {
    let mut world = learned();
    enforce(&mut world);
    assert_eq!(read(&world), (403, json!("gates_drift")));
    let answer = recalibrate(&world, ADMIN, "agent-1", &json!({"reason": "It cleans up this week."}));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told = answer.json();
    assert_eq!((&told["actor_id"], &told["tenant"]), (&json!("agent-1"), &json!("default")));
    let forgotten = &told["forgotten"];
    assert_eq!((&forgotten["calls"], &forgotten["newest"]), (&json!(30), &json!(30)));
    assert_eq!((&forgotten["risk_before"], &forgotten["drift_tier"]), (&json!(0.1), &json!("critical")));
    assert!(forgotten["drift"].as_f64().unwrap() > 0.5, "{told}");
    let forgets = |world: &World, seen: u32| {
        assert_eq!(read(world).0, 200);
        let gates = last(world)["facts"]["gates"].clone();
        assert_eq!(gates, json!({"seen": seen}), "no baseline, and familiar as before");
    };
    forgets(&world, 250);
    world.restart("KILL");
    forgets(&world, 251);
    let record = world.gateway.records_of("drift.recalibrated").pop().unwrap();
    for (member, value) in [
        ("by", json!("admin")),
        ("tenant", json!("default")),
        ("actor", json!("agent-1")),
        ("reason", json!("It cleans up this week.")),
    ] {
        assert_eq!(record[member], value, "{record}");
    }
    assert_eq!(
        (&record["forgotten"]["calls"], &record["forgotten"]["drift"]),
        (&json!(30), &forgotten["drift"])
    );
    let log = world.get(ADMIN, "/api/v1/audit/log?event_type=drift.recalibrated");
    assert_eq!((&log["total"], &log["entries"][0]["actor_id"]), (&json!(1), &json!("agent-1")), "{log}");
    // And from a checkpoint, with nothing left to read.
    world.restart("TERM");
    forgets(&world, 252);
    assert!(world.gateway.verify().status.success());
}

/// Whoever sets actors recalibrates them, in its own tenant; and once, however often it is sent.
#[test]
fn recalibrating_is_for_whoever_administers_actors() {
    let world = gated("shadow");
    assert_eq!(read(&world).0, 200);
    let empty = json!({});
    let status = |key: &str, actor: &str, body: &Value| recalibrate(&world, key, actor, body).status;
    assert_eq!(status(AGENT, "agent-1", &empty), 403);
    assert_eq!(status(OPS, "agent-1", &empty), 403);
    assert_eq!(status("nobody", "agent-1", &empty), 401);
    assert_eq!(status(ADMIN, "agent-2", &empty), 404, "never observed");
    assert_eq!(status(STRANGE_ADMIN, "agent-1", &empty), 404, "another's actor of that name");
    assert_eq!(code(&recalibrate(&world, STRANGE_ADMIN, "agent-1", &json!({"tenant": "default"}))).0, 403);
    assert_eq!(status(ADMIN, "agent-1", &json!({"tenant": "elsewhere"})), 404);
    for bad in [json!({"reason": 1}), json!({"why": "x"}), json!({"reason": "x".repeat(501)}), json!([])] {
        assert_eq!(status(ADMIN, "agent-1", &bad), 400, "{bad}");
    }
    let path = "/api/v1/actors/agent-1/drift/recalibrate";
    assert_eq!(world.ask(ADMIN, "GET", path, &Value::Null).status, 405);
    assert!(world.gateway.records_of("drift.recalibrated").is_empty());
    let authorized = format!("Bearer {ADMIN}");
    let headers = [("Authorization", &*authorized), ("Idempotency-Key", "once")];
    let client = || world.gateway.control_client();
    let [first, again] = [(), ()].map(|()| client().request("POST", path, &headers, b""));
    assert_eq!((first.status, &first.json()["forgotten"]["calls"]), (200, &json!(1)), "{}", first.text());
    assert_eq!((again.body.clone(), again.header("idempotent-replay")), (first.body, Some("true")));
    assert_eq!(world.gateway.records_of("drift.recalibrated").len(), 1);
    // Where the gates are off nobody has a baseline.
    let off = World::with("{capabilities: required, grants: off}");
    assert_eq!(recalibrate(&off, ADMIN, "agent-1", &empty).status, 404);
}

/// A proposal that is held is one call, however often it is asked for, and familiar only by what was let through.
#[test]
fn a_held_call_is_observed_once() {
    let mut world = gated("enforce");
    let parameters = json!({"id": 7});
    let asked = world.propose(READ, &parameters);
    came_to(&asked, "REQUIRE_CONFIRMATION", "approval_required");
    assert!(asked["reason"].as_str().unwrap().contains("novelty is 0.119203, below 0.8"), "{asked}");
    came_to(&world.propose(READ, &parameters), "REQUIRE_CONFIRMATION", "approval_required");
    let hold = &asked["confirmation"]["hold_id"];
    assert_eq!(world.approve(OPS, hold).status, 200);
    came_to(&world.confirm(READ, &parameters, hold), "ALLOW", "approved");
    world.restart("TERM");
    world.propose(READ, &parameters);
    let records = world.gateway.records_of("decision");
    let told =
        |member: &str| records.iter().map(|record| record["observed"][member].clone()).collect::<Vec<_>>();
    assert_eq!(told("score"), [json!(0.1), Value::Null, Value::Null, json!(0.1)]);
    let seen: Vec<_> = records.iter().map(|record| record["facts"]["gates"]["seen"].clone()).collect();
    assert_eq!(seen, [0, 0, 0, 1]);
}
