//! Policies made of what an agent did.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::world::{ADMIN, AGENT, ALICE, ENGINES, OTHER, STRANGER, TWIN, World, came_to};
use crate::verbs::Folder;

pub const RUNS: &str = "/api/v1/policy/engines/main/generations";

/// A world in which everything is allowed and an engine without policies is only watched.
pub fn watched() -> World {
    World::of("{default: allow, cedar: {engine: main, mode: log_only}}")
}

/// Starts a run, and what it came to.
pub fn generate(world: &World, config: &Value) -> Value {
    let begun = world.ask(ADMIN, "POST", RUNS, &json!({"config": config}));
    assert_eq!((begun.status, &begun.json()["status"]), (201, &json!("GENERATING")), "{}", begun.text());
    let path = format!("{RUNS}/{}", begun.json()["policy_generation_id"].as_str().unwrap());
    let patience = Instant::now() + Duration::from_secs(60);
    loop {
        let run = world.get(&path);
        if run["status"] != "GENERATING" {
            return run;
        }
        assert!(Instant::now() < patience, "{run}");
        std::thread::yield_now();
    }
}

pub fn assets(world: &World, run: &Value) -> Vec<Value> {
    let path = format!("{RUNS}/{}/assets", run["policy_generation_id"].as_str().unwrap());
    world.get(&path)["policy_generation_assets"].as_array().unwrap().clone()
}

pub fn promoted(world: &World, run: &Value, asset: &Value, query: &str) -> Value {
    let path = format!(
        "{RUNS}/{}/assets/{}/promote{query}",
        run["policy_generation_id"].as_str().unwrap(),
        asset["asset_id"].as_str().unwrap()
    );
    let made = world.ask(ADMIN, "POST", &path, &Value::Null);
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()
}

fn enforce(world: &World, mode: &str) {
    let chosen =
        world.ask(ADMIN, "PUT", "/api/v1/policy/enforcement", &json!({"engine_id": "main", "mode": mode}));
    assert_eq!(chosen.status, 200, "{}", chosen.text());
}

#[test]
fn what_is_generated_allows_what_was_seen_and_denies_a_new_tool() {
    let world = watched();
    for _ in 0..3 {
        assert_eq!(world.call(AGENT, "GET", "/crm/contacts/42"), 200);
    }
    assert_eq!(world.call(AGENT, "GET", "/crm/contacts/43"), 200);
    assert_eq!(world.call(ALICE, "DELETE", "/crm/contacts/7"), 200);
    came_to(&world.propose("files.read", &json!({"path": "/a"})), "ALLOW", "default_allowed");
    let run = generate(&world, &json!({"name": "spring"}));
    assert_eq!((&run["status"], &run["name"]), (&json!("GENERATED"), &json!("spring")), "{run}");
    let made = assets(&world, &run);
    assert!(!made.is_empty());
    for asset in &made {
        assert_eq!(asset["definition"]["cedar"]["statement"], asset["content"]);
        assert!(asset["content"].as_str().unwrap().contains("@evidence_count"), "{asset}");
    }
    // Nothing is active by itself.
    assert_eq!(world.get("/api/v1/policy/enforcement")["policy_count"], 0);
    let policies: Vec<Value> = made.iter().map(|asset| promoted(&world, &run, asset, "")).collect();
    enforce(&world, "enforce");
    assert_eq!(world.call(AGENT, "GET", "/crm/contacts/42"), 200);
    assert_eq!(world.call(AGENT, "GET", "/crm/contacts/43"), 200);
    assert_eq!(world.call(ALICE, "DELETE", "/crm/contacts/7"), 200);
    came_to(&world.propose("files.read", &json!({"path": "/b"})), "ALLOW", "cedar_allowed");
    // What was not seen is denied: another tool, another contact, another agent.
    assert_eq!(world.call(AGENT, "DELETE", "/crm/contacts/42"), 403);
    assert_eq!(world.call(AGENT, "GET", "/crm/contacts/44"), 403);
    assert_eq!(world.call(OTHER, "GET", "/crm/contacts/42"), 403);
    came_to(&world.propose("files.delete", &json!({"path": "/a"})), "DENY", "cedar_denied");
    // Each policy is needed: without it, something that was seen would be denied.
    for policy in &policies {
        let draft = json!({"remove": [policy["policy_id"]]});
        let told = world.ask(ADMIN, "POST", &format!("{ENGINES}/main/simulate"), &draft);
        assert_eq!(told.status, 200, "{}", told.text());
        assert!(told.json()["to_deny"]["calls"].as_u64().unwrap() >= 1, "{policy}: {}", told.text());
    }
    let kinds: Vec<_> = world.gateway.records().iter().map(|record| record["kind"].clone()).collect();
    assert!(
        kinds.contains(&json!("cedar.generation.started"))
            && kinds.contains(&json!("cedar.generation.ended"))
    );
}

#[test]
fn what_is_generated_of_one_tenant_allows_nobody_of_another() {
    let world = watched();
    assert_eq!(world.call(AGENT, "GET", "/crm/contacts/42"), 200);
    assert_eq!(world.call(TWIN, "GET", "/crm/contacts/42"), 200);
    let run = generate(&world, &json!({}));
    let made = assets(&world, &run);
    assert_eq!(made.len(), 1, "{made:?}");
    let text = made[0]["content"].as_str().unwrap();
    assert!(text.contains("when { context.tenant == \"default\" };"), "{text}");
    promoted(&world, &run, &made[0], "");
    enforce(&world, "enforce");
    assert_eq!(world.call(AGENT, "GET", "/crm/contacts/42"), 200);
    assert_eq!(world.call(TWIN, "GET", "/crm/contacts/42"), 403, "of another tenant, with the same id");
}

#[test]
fn the_same_records_make_the_same_policies() {
    let world = watched();
    for number in 0..5 {
        assert_eq!(world.call(AGENT, "GET", &format!("/crm/contacts/{number}")), 200);
    }
    let window = json!({"window": {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"}});
    let empty = generate(&world, &window);
    assert_eq!((&empty["status"], assets(&world, &empty).len()), (&json!("GENERATED"), 0), "{empty}");
    let now = world.get("/api/v1/governance/decisions?limit=1")["decisions"][0]["timestamp"]
        .as_str()
        .unwrap()
        .to_owned();
    let end =
        format!("{}9Z", now.strip_suffix('Z').unwrap().split('.').next().unwrap().to_owned() + ".99999");
    let config = json!({"window": {"start": "2026-11-01T00:00:00Z", "end": end}, "arguments": "enum"});
    let (one, two) = (generate(&world, &config), generate(&world, &config));
    assert_eq!(one["status"], "GENERATED", "{one}");
    assert_eq!((&one["input_digest"], &one["findings"]), (&two["input_digest"], &two["findings"]));
    let bodies = |run: &Value| {
        assets(&world, run).into_iter().map(|asset| asset["content"].clone()).collect::<Vec<_>>()
    };
    assert!(!bodies(&one).is_empty());
    assert_eq!(bodies(&one), bodies(&two));
}

#[test]
fn sentences_become_policies_and_what_is_none_is_said_to_be_none() {
    let world = watched();
    let text = "allow agent agent-1 to call files.read. Please let everybody do anything.";
    let config = json!({"name": "words", "content": {"rawText": text}, "resource": {"arn": "governance"}});
    let run = generate(&world, &config);
    let made = assets(&world, &run);
    assert_eq!(made.len(), 2, "{made:?}");
    assert_eq!(made[1]["findings"][0]["type"], "NOT_TRANSLATABLE");
    let policy = promoted(&world, &run, &made[0], "?enforcement_mode=LOG_ONLY");
    assert_eq!(policy["enforcement_mode"], "LOG_ONLY");
    let path = format!("{ENGINES}/main/policies/{}", policy["policy_id"].as_str().unwrap());
    let active = json!({"policy_body": policy["definition"], "enforcement_mode": "ACTIVE"});
    assert_eq!(world.ask(ADMIN, "PUT", &path, &active).status, 200);
    enforce(&world, "enforce");
    came_to(&world.propose("files.read", &json!({})), "ALLOW", "cedar_allowed");
    came_to(&world.propose("files.write", &json!({})), "DENY", "cedar_denied");
}

#[test]
fn who_may_not_and_what_is_not_understood_is_told_so() {
    let world = watched();
    let denied = world.ask(ALICE, "POST", RUNS, &json!({"config": {}}));
    assert_eq!((denied.status, &denied.json()["detail"]), (403, &json!("Admin access required")));
    for (body, status) in [
        (json!({"config": {"granularty": "principal"}}), 400),
        (
            json!({"config": {"window": {"start": "2026-01-01T00:00:00Z", "end": "2027-01-01T00:00:00Z"}}}),
            400,
        ),
        (json!({"config": []}), 422),
    ] {
        let answer = world.ask(ADMIN, "POST", RUNS, &body);
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
    }
    assert_eq!(world.ask(ADMIN, "GET", &format!("{RUNS}/none"), &Value::Null).status, 404);
    assert_eq!(
        world.ask(ADMIN, "POST", "/api/v1/policy/engines/none/generations", &json!({"config": {}})).status,
        404
    );
    let noop = World::with("{provider: noop}");
    noop.ask(ADMIN, "POST", ENGINES, &json!({"name": "main"}));
    for (method, path) in [
        ("POST", RUNS.to_owned()),
        ("GET", RUNS.to_owned()),
        ("GET", format!("{RUNS}/x")),
        ("GET", format!("{RUNS}/x/assets")),
    ] {
        let answer = noop.ask(ADMIN, method, &path, &json!({"config": {}}));
        assert_eq!(answer.status, 501, "{method} {path}: {}", answer.text());
        assert_eq!(answer.json()["detail"], "Policy generation not supported by this provider");
    }
}

#[test]
fn what_was_recorded_is_for_the_deployment_and_of_one_tenant() {
    let world = watched();
    assert_eq!(world.call(AGENT, "GET", "/crm/contacts/42"), 200);
    let run = generate(&world, &json!({}));
    let one = format!("{RUNS}/{}", run["policy_generation_id"].as_str().unwrap());
    for (method, path) in [
        ("POST", RUNS.to_owned()),
        ("GET", RUNS.to_owned()),
        ("GET", one.clone()),
        ("GET", format!("{one}/assets")),
        ("DELETE", one),
        ("POST", format!("{ENGINES}/main/simulate")),
        ("POST", format!("{ENGINES}/main/is_authorized")),
    ] {
        let answer = world.ask(STRANGER, method, &path, &json!({}));
        assert_eq!(answer.status, 403, "{method} {path}: {}", answer.text());
    }
    let begun = world.ask(ADMIN, "POST", &format!("{RUNS}?tenant=strange"), &json!({"config": {}})).json();
    let path = format!("{RUNS}/{}", begun["policy_generation_id"].as_str().unwrap());
    let patience = Instant::now() + Duration::from_secs(60);
    while world.get(&path)["status"] == "GENERATING" {
        assert!(Instant::now() < patience);
        std::thread::yield_now();
    }
    assert_eq!(assets(&world, &world.get(&path)).len(), 0, "nobody of that tenant did anything");
}

#[test]
fn the_command_line_generates_and_simulates() {
    let world = watched();
    assert_eq!(world.call(AGENT, "GET", "/crm/contacts/42"), 200);
    let url = format!("http://{}", world.gateway.control);
    let folder = Folder::with(&[("deny.cedar", "forbid(principal, action, resource);\n")]);
    let ran = folder.run(&["cedar", "generate", "--url", &url, "--key", ADMIN]);
    assert_eq!((ran.code, ran.errors.as_str()), (0, ""));
    assert!(ran.said.contains("permit (") && ran.said.contains("GENERATED"), "{}", ran.said);
    // What is printed is a file of policies.
    folder.write("made.cedar", &ran.said);
    assert_eq!(folder.run(&["cedar", "validate", "made.cedar"]).code, 0);
    let ran = folder.run(&["cedar", "simulate", "made.cedar", "--url", &url, "--key", ADMIN]);
    assert!(ran.code == 0 && ran.said.contains("1 calls would be allowed"), "{} {}", ran.said, ran.errors);
    // A name that could be read as more of the query is one name.
    for tenant in ["strange", "default&tenant=default", "ä b"] {
        let of = |verb: &[&str]| {
            folder.run(&[&["cedar"], verb, &["--tenant", tenant, "--url", &url, "--key", ADMIN]].concat())
        };
        let ran = of(&["simulate", "made.cedar"]);
        assert!(ran.code == 0 && ran.said.contains("0 different calls"), "{} {}", ran.said, ran.errors);
        let ran = of(&["generate"]);
        assert!(ran.code == 0 && !ran.said.contains("permit ("), "{} {}", ran.said, ran.errors);
    }
    let ran = folder.run(&[
        "cedar",
        "simulate",
        "deny.cedar",
        "made.cedar",
        "--instead",
        "--url",
        &url,
        "--key",
        ADMIN,
    ]);
    assert!(ran.code == 0 && ran.said.contains("0 calls would be allowed"), "{} {}", ran.said, ran.errors);
}

#[test]
fn runs_outlive_the_gateway() {
    let mut world = watched();
    assert_eq!(world.call(AGENT, "GET", "/crm/contacts/42"), 200);
    let run = generate(&world, &json!({}));
    world.gateway.kill();
    world.gateway = world.gateway.restart();
    let path = format!("{RUNS}/{}", run["policy_generation_id"].as_str().unwrap());
    assert_eq!(world.get(&path), run);
    assert_eq!(assets(&world, &run).len(), 1);
    assert_eq!(world.ask(ADMIN, "DELETE", &path, &Value::Null).status, 204);
    assert_eq!(world.ask(ADMIN, "GET", &path, &Value::Null).status, 404);
    assert!(world.gateway.verify().status.success());
}
