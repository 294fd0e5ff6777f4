//! Between a decision and what is done by it: whatever was taken back meanwhile counts. The names are those of the table in `mod.rs`.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::world::{ADMIN, AGENT, DEPLOY, OPS, World, asking, came_to};

/// TOCTOU: what is approved is decided again when it is done.
#[test]
fn an_approval_does_not_outlive_a_right() {
    let world = asking();
    let wanted = json!({"service": "web"});
    let hold = world.propose(DEPLOY, &wanted)["confirmation"]["hold_id"].clone();
    assert_eq!(world.approve(OPS, &hold).status, 200);
    let grant = format!("/api/v1/actors/agent-1/grants/{DEPLOY}");
    assert_eq!(world.ask(ADMIN, "DELETE", &grant, &Value::Null).status, 204);
    came_to(&world.confirm(DEPLOY, &wanted, &hold), "DENY", "grant_missing");
    world.grant("agent-1", DEPLOY, &json!({}));
    let deny = json!([{"capability": DEPLOY, "outcome": "DENY"}]);
    world.policy("freeze", &deny);
    came_to(&world.confirm(DEPLOY, &wanted, &hold), "DENY", "policy_denied");
}

/// Escalation-queue abuse: the asks of an actor that wait are bounded.
#[test]
fn one_actor_asks_for_so_much_at_once() {
    let world = asking();
    let outcomes: Vec<Value> =
        (0..60).map(|number| world.propose(DEPLOY, &json!({"number": number}))["code"].clone()).collect();
    let held = outcomes.iter().filter(|code| *code == "approval_required").count();
    let refused = outcomes.iter().filter(|code| *code == "hold_limit").count();
    assert_eq!((held, refused), (50, 10), "{outcomes:?}");
}

/// TOCTOU: people approve what was tightened while they looked, and it is denied all the same, for proposals and calls alike.
#[test]
fn what_was_taken_back_while_a_person_looked_stays_taken_back() {
    const CALL: &str = "crm.contacts.create";
    let world = asking();
    world.register(CALL, "low");
    world.grant("agent-1", CALL, &json!({}));
    world.policy("calls", &json!([{"capability": CALL, "outcome": "REQUIRE_CONFIRMATION"}]));
    let freeze = world.policy("freeze", &json!([{"capability": "nothing.at_all", "outcome": "DENY"}]));
    let freeze = format!("/api/v1/policies/{}", freeze["id"].as_str().unwrap());
    let frozen = |capability: &str| json!({"name": "freeze", "rules": [{"capability": capability, "outcome": "DENY"}]});
    let actor = |status: &str| json!({"status": status});
    let switch = |active: bool| json!({"active": active, "reason": "drill"});
    let steps: [(&str, &str, Value, Value); 4] = [
        ("actor_suspended", "/api/v1/actors/agent-1", actor("suspended"), actor("active")),
        ("actor_revoked", "/api/v1/actors/agent-1", actor("revoked"), actor("active")),
        ("kill_switch", "/api/v1/kill-switch", switch(true), switch(false)),
        ("policy_denied", &freeze, frozen("*"), frozen("nothing.at_all")),
    ];
    let put = |path: &str, body: &Value| {
        let answer = world.ask(ADMIN, "PUT", path, body);
        assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
    };
    let held = world.call("POST", "/crm/contacts").json();
    assert_eq!(held["code"], "approval_required", "{held}");
    for (code, path, tightened, undone) in &steps {
        let wanted = json!({"service": code});
        let hold = world.propose(DEPLOY, &wanted)["confirmation"]["hold_id"].clone();
        put(path, tightened);
        assert_eq!(world.approve(OPS, &hold).status, 200);
        came_to(&world.confirm(DEPLOY, &wanted, &hold), "DENY", code);
        if *code == "actor_suspended" {
            assert_eq!(world.approve(OPS, &held["hold_id"]).status, 200);
        }
        let answer = world.call("POST", "/crm/contacts");
        assert_eq!((answer.status, &answer.json()["code"]), (403, &json!(code)), "{}", answer.text());
        put(path, undone);
    }
    assert_eq!(world.tool.count(), 0);
    // What nobody took back any more is done, once.
    assert_eq!(world.call("POST", "/crm/contacts").status, 200);
    assert_eq!(world.call("POST", "/crm/contacts").json()["code"], "approval_required");
    assert_eq!(world.tool.count(), 1);
}

/// Approve after revoke: an approval that comes after the grant is gone is worth nothing, and gives no grant.
#[test]
fn an_approval_gives_no_grant() {
    let world = asking();
    let wanted = json!({"service": "web"});
    let hold = world.propose(DEPLOY, &wanted)["confirmation"]["hold_id"].clone();
    let grant = format!("/api/v1/actors/agent-1/grants/{DEPLOY}");
    assert_eq!(world.ask(ADMIN, "DELETE", &grant, &Value::Null).status, 204);
    assert_eq!(world.approve(AGENT, &hold).status, 403);
    assert_eq!(world.approve(OPS, &hold).status, 200);
    came_to(&world.confirm(DEPLOY, &wanted, &hold), "DENY", "grant_missing");
    came_to(&world.propose(DEPLOY, &wanted), "DENY", "grant_missing");
}

/// Expiry: an approval whose time is over confirms nothing, and what nobody approved in time was denied.
#[test]
fn what_ran_out_confirms_nothing() {
    let mut world = asking();
    let (approved, pending) = (json!({"service": "web"}), json!({"service": "db"}));
    let ask =
        |world: &World, wanted: &Value| world.propose(DEPLOY, wanted)["confirmation"]["hold_id"].clone();
    let holds = [(ask(&world, &approved), approved), (ask(&world, &pending), pending)];
    assert_eq!(world.approve(OPS, &holds[0].0).status, 200);
    world.gateway.signal("KILL");
    world.gateway.wait();
    let store = Connection::open(world.gateway.folder().join("data/aegis.db")).unwrap();
    store.execute_batch("UPDATE holds SET expires_at = created_at").unwrap();
    drop(store);
    world.gateway = world.gateway.restart();
    for (hold, wanted) in &holds {
        assert_eq!(world.approve(OPS, hold).status, 409);
        let answer = world.confirm(DEPLOY, wanted, hold);
        came_to(&answer, "REQUIRE_CONFIRMATION", "confirmation_invalid");
        assert_ne!(answer["confirmation"]["hold_id"], *hold);
    }
}
