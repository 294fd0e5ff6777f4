//! An engine that decides calls.

use serde_json::{Value, json};

use super::world::{ADMIN, AGENT, ALICE, ENGINES, OTHER, World, came_to};
use crate::support::metric_in;

/// A metric as the administrator sees it.
fn metric(world: &World, name: &str) -> f64 {
    metric_in(&world.ask(ADMIN, "GET", "/metrics", &Value::Null).text(), name)
}

const READ: &str =
    "permit(principal == Agent::\"agent-1\", action == Action::\"crm.contacts.read\", resource);";

#[test]
fn without_a_policy_every_call_is_denied_and_what_is_written_holds_at_once() {
    let world = World::start();
    assert_eq!(world.call(AGENT, "GET", "/crm/contacts/42"), 403);
    came_to(&world.propose("crm.contacts", &json!({})), "DENY", "cedar_denied");
    let id = world.policy(READ);
    assert_eq!(world.call(AGENT, "GET", "/crm/contacts/42"), 200);
    assert_eq!(world.call(OTHER, "GET", "/crm/contacts/42"), 403);
    assert_eq!(world.call(AGENT, "DELETE", "/crm/contacts/42"), 403);
    let read =
        world.gateway.records_of("decision").into_iter().find(|record| record["outcome"] == "ALLOW").unwrap();
    assert_eq!((&read["code"], &read["cedar"]["engine"]), (&json!("cedar_allowed"), &json!("main")));
    assert_eq!((&read["cedar"]["determining"], &read["path"]), (&json!([id]), &json!("/crm/contacts/42")));
    assert_eq!((&read["groups"], &read["roles"]), (&json!(["readers"]), &json!(["clerk"])));
    world.ask(ADMIN, "DELETE", &format!("{ENGINES}/main/policies/{id}"), &Value::Null);
    assert_eq!(world.call(AGENT, "GET", "/crm/contacts/42"), 403);
    assert!(world.gateway.verify().status.success());
}

#[test]
fn a_forbid_wins_and_groups_and_arguments_count() {
    let world = World::start();
    world.policy("permit(principal in Group::\"readers\", action in Action::\"CallTool\", resource == Gateway::\"governance\");");
    came_to(&world.propose("pay.send", &json!({"amount": 5})), "ALLOW", "cedar_allowed");
    let id = world.policy(
        "forbid(principal, action == Action::\"pay___send\", resource) when { context.input.amount > 100 };",
    );
    came_to(&world.propose("pay.send", &json!({"amount": 5})), "ALLOW", "cedar_allowed");
    let denied = world.propose("pay.send", &json!({"amount": 500}));
    came_to(&denied, "DENY", "cedar_denied");
    assert!(denied["reason"].as_str().unwrap().contains(&id), "{denied}");
    // A forbid that cannot be told forbids.
    let unclear = world.propose("pay.send", &json!({"amount": "many"}));
    came_to(&unclear, "DENY", "indeterminate");
    came_to(&world.propose("pay.send", &json!({})), "DENY", "indeterminate");
}

#[test]
fn what_is_only_watched_changes_nothing_and_tells_what_it_would_have() {
    let world = World::start();
    world.policy("permit(principal, action, resource);");
    let watched = world.policy_as(&json!({
        "policy_body": "forbid(principal, action == Action::\"crm.contacts.delete\", resource);",
        "enforcement_mode": "LOG_ONLY",
    }));
    assert_eq!(world.call(AGENT, "DELETE", "/crm/contacts/42"), 200);
    let record = world.gateway.records_of("decision").pop().unwrap();
    assert_eq!(record["cedar"]["shadow"], json!({"allowed": false, "flips": true, "determining": [watched]}));
    let finding = record["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["would_have"].is_string())
        .unwrap();
    assert_eq!((&finding["engine"], &finding["would_have"]), (&json!("cedar"), &json!("DENY")));

    let stricter = "aegis_would_have_total{engine=\"cedar\",outcome=\"DENY\"}";
    assert_eq!(metric(&world, stricter), 1.0);
    assert_eq!(
        [metric(&world, "aegis_cedar_policies"), metric(&world, "aegis_cedar_candidates_sum")],
        [2.0, 1.0]
    );

    // A whole engine that is only watched leaves it to the others.
    let answer = world.ask(
        ADMIN,
        "PUT",
        "/api/v1/policy/enforcement",
        &json!({"engine_id": "main", "mode": "log_only"}),
    );
    assert_eq!((answer.status, &answer.json()["mode"]), (200, &json!("log_only")));
    assert_eq!(world.call(AGENT, "GET", "/crm/contacts/42"), 403);
    let record = world.gateway.records_of("decision").pop().unwrap();
    assert_eq!(
        (&record["code"], &record["cedar"]["mode"], &record["cedar"]["allowed"]),
        (&json!("default_denied"), &json!("log_only"), &json!(true))
    );
}

#[test]
fn another_engine_is_chosen_at_once_and_the_one_that_decides_is_not_taken_away() {
    let world = World::with("{}");
    assert_eq!(world.get("/api/v1/policy/enforcement"), json!({"active": false, "engine_id": null}));
    came_to(&world.propose("pay.send", &json!({})), "DENY", "default_denied");
    for name in ["one", "two"] {
        world.ask(ADMIN, "POST", ENGINES, &json!({"name": name}));
    }
    world.ask(
        ADMIN,
        "POST",
        &format!("{ENGINES}/one/policies"),
        &json!({"policy_body": "permit(principal, action, resource);"}),
    );
    let choose =
        |engine: Value| world.ask(ADMIN, "PUT", "/api/v1/policy/enforcement", &json!({"engine_id": engine}));
    assert_eq!(choose(json!("none")).status, 404);
    assert_eq!(choose(json!("one")).status, 200);
    came_to(&world.propose("pay.send", &json!({})), "ALLOW", "cedar_allowed");
    let kept = world.ask(ADMIN, "DELETE", &format!("{ENGINES}/one"), &Value::Null);
    assert_eq!(kept.status, 409, "{}", kept.text());
    assert_eq!(choose(json!("two")).status, 200);
    came_to(&world.propose("pay.send", &json!({})), "DENY", "cedar_denied");
    assert_eq!(world.ask(ADMIN, "DELETE", &format!("{ENGINES}/one"), &Value::Null).status, 204);
    // By force what decides goes too, and then nothing is let through.
    assert_eq!(world.ask(ADMIN, "DELETE", &format!("{ENGINES}/two?force=true"), &Value::Null).status, 204);
    came_to(&world.propose("pay.send", &json!({})), "DENY", "cedar_denied");
    assert_eq!(choose(Value::Null).status, 200);
    came_to(&world.propose("pay.send", &json!({})), "DENY", "default_denied");
}

#[test]
fn a_chosen_engine_stays_when_the_mode_of_the_configuration_changes() {
    let mut world = World::with("{}");
    world.ask(ADMIN, "POST", ENGINES, &json!({"name": "one"}));
    let chosen = world.ask(ADMIN, "PUT", "/api/v1/policy/enforcement", &json!({"engine_id": "one"}));
    assert_eq!(chosen.status, 200, "{}", chosen.text());
    came_to(&world.propose("pay.send", &json!({})), "DENY", "cedar_denied");
    world.gateway.stop();
    let file = world.gateway.folder().join("gateway.yaml");
    let config = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, config.replace("cedar: {}", "cedar: {mode: log_only}")).unwrap();
    world.gateway = world.gateway.restart();
    came_to(&world.propose("pay.send", &json!({})), "DENY", "cedar_denied");
}

#[test]
fn everything_outlives_the_gateway_and_comes_back_with_a_snapshot() {
    let mut world = World::start();
    let id = world.policy(READ);
    let before = world.get("/api/v1/status")["snapshot"]["version"].as_u64();
    world.gateway.kill();
    world.gateway = world.gateway.restart();
    assert_eq!(world.call(AGENT, "GET", "/crm/contacts/42"), 200);
    let path = format!("{ENGINES}/main/policies/{id}");
    assert_eq!(world.get(&path)["definition"], READ);
    let version = before.or_else(|| world.get("/api/v1/policy/enforcement")["revision"].as_u64()).unwrap();
    world.ask(ADMIN, "DELETE", &path, &Value::Null);
    assert_eq!(world.call(AGENT, "GET", "/crm/contacts/42"), 403);
    let back = world.ask(ADMIN, "POST", &format!("/api/v1/snapshots/{version}/rollback"), &json!({}));
    assert_eq!(back.status, 200, "{}", back.text());
    assert_eq!(world.call(AGENT, "GET", "/crm/contacts/42"), 200);
    assert!(world.gateway.verify().status.success());
}

#[test]
fn people_and_paths_have_types_of_their_own() {
    let world = World::start();
    world.policy("permit(principal == User::\"alice\", action, resource in Http::\"/crm/contacts\");");
    assert_eq!(world.call(ALICE, "GET", "/crm/contacts/42"), 200);
    assert_eq!(world.call(ALICE, "GET", "/crm/contacts/4%32"), 200, "the same path");
    assert_eq!(world.call(AGENT, "GET", "/crm/contacts/42"), 403);
}

#[test]
fn a_stored_policy_that_can_be_read_no_more_denies_until_it_is_mended() {
    let mut world = World::start();
    world.policy("permit(principal == Agent::\"agent-1\", action, resource);");
    let broken = world.policy("permit(principal == Agent::\"other\", action, resource);");
    came_to(&world.propose("pay.send", &json!({})), "ALLOW", "cedar_allowed");
    world.gateway.kill();
    let store = rusqlite::Connection::open(world.gateway.folder().join("data/aegis.db")).unwrap();
    let changed = store
        .execute("UPDATE admin_objects SET written = replace(written, 'Agent::\\\"other\\\"', 'Agent::') WHERE id = ?1", [&broken])
        .unwrap();
    assert_eq!(changed, 1);
    drop(store);
    let file = world.gateway.folder().join("gateway.yaml");
    let config = std::fs::read_to_string(&file).unwrap();

    // A permit that is left out lets less through, so it may be passed over.
    std::fs::write(&file, config.replace("{engine: main}", "{engine: main, quarantine: skip_permits}"))
        .unwrap();
    world.gateway = world.gateway.restart();
    came_to(&world.propose("pay.send", &json!({})), "ALLOW", "cedar_allowed");
    assert_eq!(world.get("/readyz")["quarantine"], false);
    assert_eq!(world.get("/api/v1/policy/enforcement")["errors"], json!([broken]));
    world.gateway.stop();

    std::fs::write(&file, &config).unwrap();
    world.gateway = world.gateway.restart();
    came_to(&world.propose("pay.send", &json!({})), "DENY", "indeterminate");
    assert_eq!(world.get("/readyz")["quarantine"], true);
    let enforcement = world.get("/api/v1/policy/enforcement");
    assert_eq!((&enforcement["degraded"], &enforcement["errors"]), (&json!(true), &json!([broken])));
    assert!(enforcement["reasons"][0].as_str().unwrap().contains("read no more"), "{enforcement}");
    let path = format!("{ENGINES}/main/policies/{broken}");
    assert_eq!(world.ask(ADMIN, "DELETE", &path, &Value::Null).status, 204);
    came_to(&world.propose("pay.send", &json!({})), "ALLOW", "cedar_allowed");
    assert_eq!(world.get("/readyz")["quarantine"], false);
}

#[test]
fn an_engine_that_decides_and_was_deleted_is_told() {
    let world = World::start();
    world.policy("permit(principal, action, resource);");
    let force = format!("{ENGINES}/main?force=true");
    assert_eq!(world.ask(ADMIN, "DELETE", &force, &Value::Null).status, 204);
    came_to(&world.propose("pay.send", &json!({})), "DENY", "cedar_denied");
    let told = world.get("/api/v1/policy/enforcement");
    assert_eq!(
        (&told["active"], &told["degraded"], &told["errors"]),
        (&json!(true), &json!(true), &json!([]))
    );
    assert!(told["reasons"][0].as_str().unwrap().contains("no such engine"), "{told}");
    assert_eq!(world.get("/readyz")["quarantine"], true);
    // One that is only watched denies nothing, there or not.
    assert_eq!(world.ask(ADMIN, "POST", ENGINES, &json!({"name": "main"})).status, 201);
    let watched = json!({"engine_id": "main", "mode": "log_only"});
    assert_eq!(world.ask(ADMIN, "PUT", "/api/v1/policy/enforcement", &watched).status, 200);
    assert_eq!(world.ask(ADMIN, "DELETE", &force, &Value::Null).status, 204);
    assert_eq!(world.get("/api/v1/policy/enforcement")["degraded"], true);
    assert_eq!(world.get("/readyz")["quarantine"], false);
    let enforced = json!({"engine_id": "main", "mode": "enforce"});
    assert_eq!(world.ask(ADMIN, "PUT", "/api/v1/policy/enforcement", &enforced).status, 404);
    assert_eq!(world.ask(ADMIN, "POST", ENGINES, &json!({"name": "main"})).status, 201);
    let told = world.get("/api/v1/policy/enforcement");
    assert_eq!((&told["degraded"], &told["reasons"]), (&json!(false), &json!([])));
    assert_eq!(world.get("/readyz")["quarantine"], false);
}

/// Starts a world's gateway anew, with another text in its configuration.
fn restart_with(world: &mut World, from: &str, to: &str) {
    world.gateway.stop();
    let file = world.gateway.folder().join("gateway.yaml");
    let config = std::fs::read_to_string(&file).unwrap();
    assert!(config.contains(from), "{config}");
    std::fs::write(&file, config.replace(from, to)).unwrap();
    world.gateway = world.gateway.restart();
}

#[test]
fn a_variable_that_is_hidden_is_hidden_in_the_path_too() {
    let mut world = World::start();
    restart_with(&mut world, "audit: {", "audit: {redact: [id], ");
    assert_eq!(world.call(AGENT, "PUT", "/crm/contacts/4711"), 403);
    assert_eq!(world.call(AGENT, "POST", "/crm/contacts"), 403);
    let records = world.gateway.records_of("decision");
    let paths: Vec<_> = records.iter().map(|record| record["path"].clone()).collect();
    assert_eq!(paths, [json!("[REDACTED]"), json!("/crm/contacts")]);
    assert!(!json!(records).to_string().contains("4711"), "{records:?}");
}

#[test]
fn a_rollback_keeps_the_engine_that_the_configuration_names() {
    let mut world = World::with("{}");
    world.ask(ADMIN, "POST", ENGINES, &json!({"name": "other"}));
    let made = world.ask(
        ADMIN,
        "POST",
        &format!("{ENGINES}/other/policies"),
        &json!({"policy_body": "permit(principal, action, resource);"}),
    );
    assert_eq!(made.status, 201, "{}", made.text());
    let version = world.get("/api/v1/status")["snapshot"]["version"].as_u64().unwrap();
    restart_with(&mut world, "cedar: {}", "cedar: {engine: main}");
    world.policy("permit(principal, action, resource);");
    came_to(&world.propose("pay.send", &json!({})), "ALLOW", "cedar_allowed");
    let back = world.ask(ADMIN, "POST", &format!("/api/v1/snapshots/{version}/rollback"), &json!({}));
    assert_eq!(back.status, 200, "{}", back.text());
    let enforcement = world.get("/api/v1/policy/enforcement");
    assert_eq!((&enforcement["engine_id"], &enforcement["policy_count"]), (&json!("main"), &json!(0)));
    assert_eq!(world.get(&format!("{ENGINES}/main"))["policy_count"], 0);
    came_to(&world.propose("pay.send", &json!({})), "DENY", "cedar_denied");
}
