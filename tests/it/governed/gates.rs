//! The six gates on live traffic: an agent that always reads suddenly deletes. Watched, nothing is blocked and every number is there;
//! enforced, the call is held or halted, also after the gateway died.

use std::fs;

use serde_json::{Value, json};

use super::world::{ADMIN, OPS, OTHER, World, came_to};
use crate::support::{aegis, metric_in};

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
    let path = world.gateway.folder().join("gateway.yaml");
    let config = fs::read_to_string(&path).unwrap();
    world.gateway.signal("KILL");
    world.gateway.wait();
    fs::write(path, config.replace("gates: {mode: shadow", "gates: {mode: enforce")).unwrap();
    world.gateway = world.gateway.restart();
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
