//! Recorded calls, put to policies as they were: with their time, their person and their session. And what becomes of runs.

use std::time::Duration;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::generating::{RUNS, assets, generate, promoted, watched};
use super::world::{ADMIN, AGENT, ENGINES, OTHER, World};
use crate::verbs::Folder;

fn simulated(world: &World, draft: &Value) -> Value {
    let told = world.ask(ADMIN, "POST", &format!("{ENGINES}/main/simulate"), draft);
    assert_eq!(told.status, 200, "{}", told.text());
    told.json()
}

/// How many records are allowed where the engine has this policy and no other.
fn allowed_by(world: &World, policy: &str) -> u64 {
    simulated(world, &json!({"policies": [policy]}))["allowed_then"]["records"].as_u64().unwrap()
}

/// What the gateway keeps.
fn store(world: &World) -> Connection {
    let store = Connection::open(world.gateway.folder().join("data/aegis.db")).unwrap();
    store.busy_timeout(Duration::from_secs(10)).unwrap();
    store
}

#[test]
fn a_recorded_call_is_asked_about_at_its_own_time() {
    let world = watched();
    assert_eq!(world.call(AGENT, "GET", "/crm/contacts/42"), 200);
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(world.call(AGENT, "GET", "/crm/contacts/42"), 200);
    let records = world.gateway.records_of("decision");
    let second = records[1]["facts"]["now"].as_str().unwrap();
    let until = format!("{}Z", &second[..23]);
    let before =
        format!("permit(principal, action, resource) when {{ context.system.now < datetime(\"{until}\") }};");
    let told = simulated(&world, &json!({"policies": [before]}));
    assert_eq!(told["asked"], json!({"calls": 1, "records": 2}), "{told}");
    assert_eq!(told["allowed_then"], json!({"calls": 1, "records": 1}), "{told}");
    assert_eq!(told["left_out"], json!({"unresolved_principal": 0, "hidden_path": 0, "no_question": 0}));
    // A forbid in force that reads the clock is no reason to make nothing.
    world.policy(
        "forbid(principal, action, resource) when { context.system.now < datetime(\"2020-01-01\") };",
    );
    let run = generate(&world, &json!({}));
    let made = assets(&world, &run);
    assert_eq!(made.len(), 1, "{run} {made:?}");
    assert_eq!(made[0]["findings"][0]["evidence"]["count"], 2);
    assert!(!run["findings"].as_str().unwrap().contains("ERRORING"), "{run}");
}

#[test]
fn a_recorded_call_has_its_person_and_its_session() {
    let world = watched();
    assert_eq!(world.call(AGENT, "GET", "/crm/contacts/42"), 200);
    assert_eq!(world.call(OTHER, "GET", "/crm/contacts/42"), 200);
    assert_eq!(world.gateway.records_of("decision")[1]["person"], "ann");
    let of_ann =
        "permit(principal, action, resource) when { principal has person && principal.person == \"ann\" };";
    assert_eq!(allowed_by(&world, of_ann), 1);
    let tagged = "permit(principal, action, resource) when { principal.hasTag(\"person\") && principal.getTag(\"person\") == \"ann\" };";
    assert_eq!(allowed_by(&world, tagged), 1);
    let body = json!({
        "actor": {"id": "agent-1", "type": "ai-agent"},
        "action": {"capability": "files.read", "parameters": {}},
        "context": {"session_id": "sess_1"},
    });
    assert_eq!(world.ask(AGENT, "POST", "/api/v1/governance/propose", &body).status, 200);
    assert_eq!(allowed_by(&world, "permit(principal, action, resource) when { context has session };"), 1);
    let named =
        "permit(principal, action, resource) when { context has session && context.session == \"sess_1\" };";
    assert_eq!(allowed_by(&world, named), 1);
    assert_eq!(allowed_by(&world, &named.replace("sess_1", "sess_2")), 0);
}

#[test]
fn records_with_a_hidden_path_are_counted_and_told_of() {
    let mut world = watched();
    world.gateway.stop();
    let file = world.gateway.folder().join("gateway.yaml");
    let config = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, config.replace("audit: {", "audit: {redact: [id], ")).unwrap();
    world.gateway = world.gateway.restart();
    assert_eq!(world.call(AGENT, "GET", "/crm/contacts/42"), 200);
    assert_eq!(world.call(AGENT, "POST", "/crm/contacts"), 200);
    let told = simulated(&world, &json!({}));
    assert_eq!(
        told["left_out"],
        json!({"unresolved_principal": 0, "hidden_path": 1, "no_question": 0}),
        "{told}"
    );
    assert_eq!(told["asked"], json!({"calls": 1, "records": 1}), "{told}");
    let run = generate(&world, &json!({}));
    let summary: Value = serde_json::from_str(run["findings"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&summary["records"]["hidden_path"], &summary["records"]["unresolved_principal"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(summary["findings"][0]["type"], "NOT_TRANSLATABLE", "{summary}");
    assert!(summary["findings"][0]["description"].as_str().unwrap().contains("audit.redact"), "{summary}");
}

#[test]
fn an_asset_becomes_one_policy() {
    let world = watched();
    assert_eq!(world.call(AGENT, "GET", "/crm/contacts/42"), 200);
    let run = generate(&world, &json!({}));
    let made = assets(&world, &run);
    let policy = promoted(&world, &run, &made[0], "?enforcement_mode=LOG_ONLY");
    assert_eq!(policy["findings"][0]["type"], "VALID", "{policy}");
    let path = format!(
        "{RUNS}/{}/assets/{}/promote",
        run["policy_generation_id"].as_str().unwrap(),
        made[0]["asset_id"].as_str().unwrap()
    );
    let again = world.ask(ADMIN, "POST", &path, &Value::Null);
    assert_eq!(again.status, 409, "{}", again.text());
    let id = policy["policy_id"].as_str().unwrap();
    assert!(again.json()["detail"].as_str().unwrap().contains(id), "{}", again.text());
    assert_eq!(world.get(&format!("{ENGINES}/main"))["policy_count"], 1);
    // Once it is away, it can be made again.
    let one = format!("{ENGINES}/main/policies/{id}");
    assert_eq!(world.ask(ADMIN, "DELETE", &one, &Value::Null).status, 204);
    assert_eq!(world.ask(ADMIN, "POST", &path, &Value::Null).status, 201);
    let wrong = world.ask(ADMIN, "POST", &format!("{path}?validation_mode=STRICT"), &Value::Null);
    assert_eq!(
        (wrong.status, &wrong.json()["detail"][0]["loc"]),
        (422, &json!(["query", "validation_mode"]))
    );
}

#[test]
fn an_asset_with_findings_is_promoted_as_the_engine_takes_policies() {
    let world = watched();
    let schema = "entity Agent, Service, Gateway; action \"files___read\" appliesTo { principal: Service, resource: Gateway };";
    let strict = json!({"schema": schema, "validation_mode": "FAIL_ON_ANY_FINDINGS"});
    let set = world.ask(ADMIN, "PUT", &format!("{ENGINES}/main/schema"), &strict);
    assert_eq!(set.status, 200, "{}", set.text());
    let config =
        json!({"content": {"rawText": "allow agent a to call files.read."}, "resource": {"arn": "files"}});
    let run = generate(&world, &config);
    let made = assets(&world, &run);
    assert_eq!(made[0]["findings"][0]["type"], "ALLOW_NONE", "{made:?}");
    let path = format!(
        "{RUNS}/{}/assets/{}/promote",
        run["policy_generation_id"].as_str().unwrap(),
        made[0]["asset_id"].as_str().unwrap()
    );
    let refused = world.ask(ADMIN, "POST", &path, &Value::Null);
    assert_eq!((refused.status, &refused.json()["findings"][0]["type"]), (400, &json!("ALLOW_NONE")));
    let ignored =
        world.ask(ADMIN, "POST", &format!("{path}?validation_mode=IGNORE_ALL_FINDINGS"), &Value::Null);
    assert_eq!(ignored.status, 201, "{}", ignored.text());
    assert!(ignored.json()["findings"].to_string().contains("ALLOW_NONE"), "{}", ignored.text());
}

#[test]
fn lists_show_runs_without_what_came_of_them() {
    let world = watched();
    let run = generate(&world, &json!({"name": "spring"}));
    let listed = world.get(RUNS)["policy_generations"][0].clone();
    let mut expected = run;
    for name in ["findings", "status_reasons", "input_digest"] {
        assert!(!expected[name].is_null(), "{expected}");
        expected.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(listed, expected);
}

#[test]
fn a_run_that_a_kill_interrupts_has_failed_after_the_next_start() {
    let mut world = watched();
    let run = generate(&world, &json!({}));
    let id = run["policy_generation_id"].as_str().unwrap();
    world.gateway.kill();
    // What the gateway wrote before it did any work: a run is done too fast to be hit.
    let begun = store(&world).execute(
        "UPDATE generations SET status = 'GENERATING', outcome = NULL, updated_at = created_at WHERE id = ?1",
        [id],
    );
    assert_eq!(begun, Ok(1));
    world.gateway = world.gateway.restart();
    let failed = world.get(&format!("{RUNS}/{id}"));
    assert_eq!(failed["status"], "GENERATE_FAILED", "{failed}");
    assert_eq!(failed["status_reasons"], json!(["The gateway stopped while it was under way."]));
    assert!(assets(&world, &failed).is_empty());
    assert_eq!(generate(&world, &json!({}))["status"], "GENERATED", "another may begin");
}

#[test]
fn old_runs_are_forgotten_when_another_is_begun() {
    let world = watched();
    let run = generate(&world, &json!({}));
    let store = store(&world);
    let week_us = 7 * 86_400_000_000_i64;
    let aged = store.execute("UPDATE generations SET created_at = created_at - ?1", [week_us]);
    assert_eq!(aged, Ok(1));
    let path = format!("{RUNS}/{}", run["policy_generation_id"].as_str().unwrap());
    assert_eq!(world.ask(ADMIN, "GET", &path, &Value::Null).status, 404);
    let count =
        || store.query_row("SELECT count(*) FROM generations", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count(), 1);
    generate(&world, &json!({}));
    assert_eq!(count(), 1, "the old one is gone");
}

#[test]
fn without_a_window_a_day_gives_the_same_bytes() {
    let world = watched();
    assert_eq!(world.call(AGENT, "GET", "/crm/contacts/42"), 200);
    let runs = [generate(&world, &json!({})), generate(&world, &json!({}))];
    let window = |run: &Value| -> Value {
        serde_json::from_str::<Value>(run["findings"].as_str().unwrap()).unwrap()["window"].clone()
    };
    for edge in ["start", "end"] {
        assert!(window(&runs[0])[edge].as_str().unwrap().ends_with("T00:00:00.000000Z"), "{runs:?}");
    }
    // A midnight may come between the two.
    if window(&runs[0]) == window(&runs[1]) {
        assert_eq!(runs[0]["input_digest"], runs[1]["input_digest"]);
        let contents = |run: &Value| assets(&world, run)[0]["content"].clone();
        assert_eq!(contents(&runs[0]), contents(&runs[1]));
    }
}

#[test]
fn a_draft_may_hold_policies_that_are_only_watched() {
    let world = watched();
    assert_eq!(world.call(AGENT, "GET", "/crm/contacts/42"), 200);
    world.policy("permit(principal, action, resource);");
    let url = format!("http://{}", world.gateway.control);
    let watched = "@enforcement_mode(\"LOG_ONLY\")\nforbid(principal, action, resource);\n";
    let folder = Folder::with(&[
        ("watched.cedar", watched),
        ("active.cedar", &watched.replace("LOG_ONLY", "ACTIVE")),
        ("wrong.cedar", &watched.replace("LOG_ONLY", "log_only")),
    ]);
    let simulate = |file: &str| folder.run(&["cedar", "simulate", file, "--url", &url, "--key", ADMIN]);
    let ran = simulate("watched.cedar");
    assert!(ran.code == 0 && ran.said.contains("0 calls would be denied"), "{} {}", ran.said, ran.errors);
    let ran = simulate("active.cedar");
    assert!(ran.code == 0 && ran.said.contains("1 calls would be denied"), "{} {}", ran.said, ran.errors);
    for verb in ["simulate", "validate"] {
        let ran = folder.run(&["cedar", verb, "wrong.cedar"]);
        assert!(
            ran.code == 64 && ran.errors.contains("\"ACTIVE\" or \"LOG_ONLY\""),
            "{} {}",
            ran.said,
            ran.errors
        );
    }
    let forbid = "forbid(principal, action, resource);";
    for (mode, denied) in [("LOG_ONLY", 0), ("ACTIVE", 1)] {
        let told = simulated(&world, &json!({"add": [{"policy_body": forbid, "enforcement_mode": mode}]}));
        assert_eq!(told["to_deny"]["calls"], denied, "{told}");
    }
    for wrong in
        [json!([{"policy_body": forbid, "enforcement_mode": "x"}]), json!([{}]), json!([1]), json!("x")]
    {
        let answer = world.ask(ADMIN, "POST", &format!("{ENGINES}/main/simulate"), &json!({"add": wrong}));
        assert_eq!(
            (answer.status, &answer.json()["detail"][0]["loc"]),
            (422, &json!(["body", "add"])),
            "{wrong}"
        );
    }
}

/// What the engine says of recorded operations is what it said of them: whether or not they had a query, variables of the path, or a body
/// that is JSON.
#[test]
fn recorded_operations_are_asked_about_with_all_their_sections() {
    let world = World::start();
    world.policy("permit(principal, action, resource);");
    world.policy("forbid(principal, action, resource) when { context.input.query has debug };");
    world.policy(
        "forbid(principal, action, resource) when { context.input has body && context.input.body has drop };",
    );
    let send = |method: &str, path: &str, kind: &str, body: &[u8]| {
        let headers = [("X-Api-Key", AGENT), ("Content-Type", kind)];
        let headers = if body.is_empty() { &headers[..1] } else { &headers[..] };
        world.gateway.client().request(method, path, headers, body).status
    };
    let answered = [
        send("GET", "/crm/contacts/42", "", b""),
        send("GET", "/crm/contacts/42?x=1", "", b""),
        send("GET", "/crm/contacts/42?debug=1", "", b""),
        send("POST", "/crm/contacts", "application/json", b"{\"n\":1}"),
        send("POST", "/crm/contacts?x=1", "application/json", b"{\"drop\":1}"),
        send("POST", "/crm/contacts", "text/csv", b"a,b"),
    ];
    assert_eq!(answered, [200, 200, 403, 200, 403, 403]);
    // As deep as a body may be: in the record it lies deeper.
    let deep = format!("{{\"drop\":1,\"deep\":{}1{}}}", "[".repeat(62), "]".repeat(62));
    assert_eq!(send("POST", "/crm/contacts", "application/json", deep.as_bytes()), 403);
    let told = simulated(&world, &json!({"add": []}));
    assert_eq!(
        (&told["asked"]["records"], &told["allowed_now"]["records"]),
        (&json!(7), &json!(3)),
        "{told}"
    );
    assert_eq!((&told["to_deny"]["records"], &told["truncated"]), (&json!(0), &json!(false)));
    let draft = "forbid(principal, action, resource) when { context.input.path has zzz };";
    assert_eq!(simulated(&world, &json!({"add": [draft]}))["to_deny"]["records"], 0);
}

/// A policy about the body of an operation would deny those whose body is not JSON, so none is made where such were allowed.
#[test]
fn policies_of_operations_allow_the_bodies_that_are_not_json_too() {
    let world = watched();
    let send = |kind: &str, body: &[u8]| {
        let headers = [("X-Api-Key", AGENT), ("Content-Type", kind)];
        world.gateway.client().request("POST", "/crm/contacts", &headers, body).status
    };
    assert_eq!([send("text/csv", b"a,b"), send("application/json", b"{\"n\":1}")], [200, 200]);
    let run = generate(&world, &json!({"arguments": "enum"}));
    let made = assets(&world, &run);
    assert!(!made.is_empty(), "{run}");
    made.iter().for_each(|asset| drop(promoted(&world, &run, asset, "")));
    let chosen = json!({"engine_id": "main", "mode": "enforce"});
    assert_eq!(world.ask(ADMIN, "PUT", "/api/v1/policy/enforcement", &chosen).status, 200);
    assert_eq!([send("text/csv", b"a,b"), send("application/json", b"{\"n\":1}")], [200, 200]);
}

/// A permit for every action lets no WebSocket tunnel pass, in a trial as in a decision.
#[test]
fn a_recorded_tunnel_passes_only_by_a_policy_that_names_it() {
    let world = World::start();
    let wide = "permit(principal, action, resource);";
    world.policy(wide);
    let upgrade = [
        ("X-Api-Key", AGENT),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Version", "13"),
    ];
    assert_eq!(world.gateway.client().request("GET", "/crm/live", &upgrade, b"").status, 403);
    let record = world.gateway.records_of("decision").pop().unwrap();
    assert_eq!((&record["capability"], &record["code"]), (&json!("crm.tunnel"), &json!("tunnel_not_named")));
    assert_eq!(simulated(&world, &json!({"add": []}))["allowed_now"]["records"], 0);
    assert_eq!(allowed_by(&world, wide), 0);
    assert_eq!(allowed_by(&world, "permit(principal, action == Action::\"crm.tunnel\", resource);"), 1);
}

/// What people approved is a ground for a permit only where somebody says so; that none was made is told. Drafts are tried on it.
#[test]
fn what_people_approved_is_told_and_permitted_where_that_is_wanted() {
    let world = watched();
    let rules =
        json!({"name": "pay", "rules": [{"capability": "pay.send", "outcome": "REQUIRE_CONFIRMATION"}]});
    assert_eq!(world.ask(ADMIN, "POST", "/api/v1/policies", &rules).status, 201);
    let mut body = json!({
        "actor": {"id": "agent-1", "type": "ai-agent"},
        "action": {"capability": "pay.send", "parameters": {"amount": 5}},
    });
    let propose = |body: &Value| world.ask(AGENT, "POST", "/api/v1/governance/propose", body).json();
    let held = propose(&body);
    let hold = held["confirmation"]["hold_id"].as_str().unwrap_or_else(|| panic!("{held}")).to_owned();
    let approved = world.ask(ADMIN, "POST", &format!("/api/v1/holds/{hold}/approve"), &json!({}));
    assert_eq!(approved.status, 200, "{}", approved.text());
    body["confirmation_token"] = json!(hold);
    assert_eq!(propose(&body)["code"], "approved");

    let forbid = "forbid(principal, action == Action::\"pay___send\", resource);";
    let permit = "permit(principal, action, resource);";
    let told = simulated(&world, &json!({"policies": [permit]}));
    assert_eq!(told["allowed_then"]["records"], 2, "{told}");
    assert_eq!(simulated(&world, &json!({"policies": [permit, forbid]}))["allowed_then"]["records"], 0);

    let run = generate(&world, &json!({}));
    assert!(assets(&world, &run).is_empty(), "{run}");
    let told = run["findings"].as_str().unwrap();
    assert!(told.contains("APPROVED_IN_WINDOW") && told.contains("\"approved_by_people\":1"), "{told}");
    let run = generate(&world, &json!({"include_approved": true}));
    let made = assets(&world, &run);
    assert_eq!(made.len(), 1, "{run}");
    assert!(made[0]["content"].as_str().unwrap().contains("pay___send"), "{made:?}");
    assert!(!run["findings"].as_str().unwrap().contains("APPROVED_IN_WINDOW"), "{run}");
}

/// Runs of an engine that is gone are not those of another one with its name.
#[test]
fn runs_go_with_their_engine() {
    let world = World::of("{default: allow, cedar: {}}");
    let make = || world.ask(ADMIN, "POST", ENGINES, &json!({"name": "main"})).status;
    assert_eq!(make(), 201);
    assert_eq!(world.call(AGENT, "GET", "/crm/contacts/42"), 200);
    let run = generate(&world, &json!({}));
    let path = format!("{RUNS}/{}", run["policy_generation_id"].as_str().unwrap());
    assert_eq!(world.ask(ADMIN, "GET", &path, &Value::Null).status, 200);
    assert_eq!(world.ask(ADMIN, "DELETE", &format!("{ENGINES}/main"), &Value::Null).status, 204);
    assert_eq!(make(), 201);
    assert_eq!(world.ask(ADMIN, "GET", &path, &Value::Null).status, 404);
    assert_eq!(world.get(RUNS)["policy_generations"], json!([]));
}
