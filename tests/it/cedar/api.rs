//! Engines and policies by API.

use serde_json::{Value, json};

use super::world::{ADMIN, AGENT, ALICE, ENGINES, STRANGER, World};

const PERMIT: &str = "permit(principal, action, resource);";

fn detail(answer: &crate::support::Answer) -> String {
    answer.json()["detail"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn the_examples_of_the_document() {
    let world = World::start();
    assert_eq!(world.get("/api/v1/policy/enforcement")["engine_id"], "main");
    let made = world.ask(
        ADMIN,
        "POST",
        ENGINES,
        &json!({"name": "production", "description": "Production policy engine"}),
    );
    assert_eq!((made.status, &made.json()["policy_engine_id"]), (201, &json!("production")));
    let body = json!({
        "policy_body": "permit(principal == Agent::\"research-assistant\", action, resource);",
        "description": "Allow research-assistant full access",
    });
    let policy = world.ask(ADMIN, "POST", &format!("{ENGINES}/production/policies"), &body).json();
    assert_eq!((&policy["definition"], &policy["status"]), (&body["policy_body"], &json!("ACTIVE")));
    let path = format!("{ENGINES}/production/policies/{}", policy["policy_id"].as_str().unwrap());
    assert_eq!(world.get(&path)["description"], body["description"]);
    // A description that is left out stays.
    let replaced = world.ask(ADMIN, "PUT", &path, &json!({"policy_body": PERMIT}));
    assert_eq!((replaced.status, &replaced.json()["description"]), (200, &body["description"]));
    assert_eq!(replaced.json()["revision"], 2);
    assert_eq!(world.ask(ADMIN, "DELETE", &path, &Value::Null).status, 204);
    assert_eq!(world.ask(ADMIN, "DELETE", &path, &Value::Null).status, 204, "once is enough");
    assert_eq!(world.ask(ADMIN, "GET", &path, &Value::Null).status, 404);
    assert_eq!(world.ask(ADMIN, "PUT", &path, &json!({"policy_body": PERMIT})).status, 404);
    assert_eq!(world.ask(ADMIN, "DELETE", &format!("{ENGINES}/production"), &Value::Null).status, 204);
    assert_eq!(world.ask(ADMIN, "GET", &format!("{ENGINES}/production"), &Value::Null).status, 404);
    assert!(world.gateway.verify().status.success());
    let kinds: Vec<_> = world.gateway.records().iter().map(|record| record["kind"].clone()).collect();
    for kind in [
        "cedar.engine.created",
        "cedar.policy.created",
        "cedar.policy.updated",
        "cedar.policy.deleted",
        "cedar.engine.deleted",
    ] {
        assert!(kinds.contains(&json!(kind)), "{kind}: {kinds:?}");
    }
}

#[test]
fn what_is_no_cedar_is_refused_with_line_column_and_what_to_do() {
    let world = World::start();
    let write = |text: &str| {
        world.ask(ADMIN, "POST", &format!("{ENGINES}/main/policies"), &json!({"policy_body": text}))
    };
    for (text, line, column, words) in [
        ("permit(principal, action, resource) when { context.x = 3 };", 1, 44, "try using '==' instead"),
        ("permit(principal, action, resource)", 1, 36, "expected `;`"),
        ("// a comment\npermit(principal,\n  action, resource) if true;", 3, 24, ""),
        (
            "permit(principal, action, resource);\nforbid(principal, action, resource);",
            2,
            1,
            "exactly one Cedar policy; found 2",
        ),
        ("permit(principal == ?principal, action, resource);", 1, 21, "static policy, got a template"),
    ] {
        let answer = write(text);
        assert_eq!(answer.status, 400, "{text}: {}", answer.text());
        let told = answer.json();
        assert_eq!(
            (&told["errors"][0]["line"], &told["errors"][0]["column"]),
            (&json!(line), &json!(column)),
            "{text}: {told}"
        );
        assert!(
            detail(&answer).starts_with("invalid Cedar policy: ") && detail(&answer).contains(words),
            "{told}"
        );
    }
    let deep = format!(
        "permit(principal, action, resource) when {{ {}true{} }};",
        "(".repeat(10_000),
        ")".repeat(10_000)
    );
    assert_eq!(write(&deep).status, 400);
    assert_eq!(write(&format!("{PERMIT}{}", " ".repeat(65 * 1024))).status, 400);
    assert_eq!(world.get(&format!("{ENGINES}/main"))["policy_count"], 0);
}

#[test]
fn only_administrators_of_the_deployment_change_and_everybody_with_a_key_reads() {
    let world = World::start();
    let id = world.policy(PERMIT);
    let policies = format!("{ENGINES}/main/policies");
    let one = format!("{policies}/{id}");
    let body = json!({"policy_body": PERMIT});
    for (method, path) in [
        ("POST", ENGINES),
        ("POST", &*policies),
        ("PUT", &*one),
        ("DELETE", &*one),
        ("DELETE", &format!("{ENGINES}/main")),
        ("PUT", "/api/v1/policy/enforcement"),
        ("PUT", &format!("{policies}:batch")),
        ("PUT", &format!("{ENGINES}/main/schema")),
    ] {
        for key in [ALICE, AGENT] {
            let answer = world.ask(key, method, path, &body);
            assert_eq!(
                (answer.status, detail(&answer)),
                (403, "Admin access required".to_owned()),
                "{method} {path}"
            );
        }
        let nobody = world.ask("no-such-key", method, path, &body);
        assert_eq!(
            (nobody.status, detail(&nobody)),
            (401, "Invalid or missing credentials".to_owned()),
            "{method} {path}"
        );
    }
    for path in ["/api/v1/policy/enforcement", ENGINES, &*policies, &*one] {
        assert_eq!(world.ask(ALICE, "GET", path, &Value::Null).status, 200, "{path}");
    }
}

/// What holds for everybody is not another tenant's to change, and costs nobody anything: it is said before a body is looked at, or a path.
#[test]
fn administrators_of_another_tenant_change_nothing_and_make_no_work() {
    let world = World::start();
    let id = world.policy(PERMIT);
    let at = |more: &str| format!("{ENGINES}/main{more}");
    for (method, path) in [
        ("POST", ENGINES.to_owned()),
        ("DELETE", at("")),
        ("DELETE", at("?force=perhaps")),
        ("PUT", at("/schema")),
        ("POST", at("/policies")),
        ("PUT", at("/policies:batch")),
        ("PUT", at(&format!("/policies/{id}"))),
        ("DELETE", at(&format!("/policies/{id}"))),
        ("DELETE", format!("{ENGINES}/none/policies/none")),
        ("PUT", "/api/v1/policy/enforcement".to_owned()),
    ] {
        for body in [
            json!({"policy_body": PERMIT, "dry_run": true}),
            json!({"policy_body": "permit(", "name": "x", "schema": "entity", "policies": [{"policy_body": "permit("}], "engine_id": "none"}),
            json!([]),
        ] {
            let answer = world.ask_with(STRANGER, method, &path, &body, &[("If-Match", "nonsense")]);
            assert_eq!(answer.status, 403, "{method} {path} {body}: {}", answer.text());
            assert!(detail(&answer).contains("takes a key of tenant default"), "{}", answer.text());
        }
    }
    assert_eq!(world.get(&at(""))["policy_count"], 1);
}

#[test]
fn pages_go_through_everything_once() {
    let world = World::start();
    let made: Vec<String> = (0..7).map(|_| world.policy(PERMIT)).collect();
    let path = format!("{ENGINES}/main/policies?max_results=3");
    let (mut seen, mut token) = (Vec::new(), None::<String>);
    loop {
        let page =
            world.get(&token.map_or_else(|| path.clone(), |token| format!("{path}&next_token={token}")));
        let policies = page["policies"].as_array().unwrap();
        assert!(policies.len() <= 3);
        seen.extend(policies.iter().map(|policy| policy["policy_id"].as_str().unwrap().to_owned()));
        // What is made or taken away meanwhile moves nothing.
        world.policy(PERMIT);
        let gone = format!("{ENGINES}/main/policies/{}", seen[0]);
        world.ask(ADMIN, "DELETE", &gone, &Value::Null);
        token = page["next_token"].as_str().map(str::to_owned);
        if token.is_none() || seen.len() > 20 {
            break;
        }
    }
    assert_eq!(seen[..7], made[..], "the oldest first");
    let other = world.get(&path)["next_token"].as_str().unwrap().to_owned();
    let foreign = world.ask(ADMIN, "GET", &format!("{ENGINES}?next_token={other}"), &Value::Null);
    assert_eq!((foreign.status, detail(&foreign)), (400, "invalid next_token".to_owned()));
}

#[test]
fn a_change_is_made_only_of_what_was_seen() {
    let world = World::start();
    let id = world.policy(PERMIT);
    let path = format!("{ENGINES}/main/policies/{id}");
    let put = |tag: &str| {
        world.ask_with(
            ADMIN,
            "PUT",
            &path,
            &json!({"policy_body": PERMIT, "description": tag}),
            &[("If-Match", tag)],
        )
    };
    assert_eq!(put("\"1\"").header("etag"), Some("\"2\""));
    assert_eq!(put("\"1\"").status, 412);
    assert_eq!(put("*").status, 200);
    assert_eq!(put("nonsense").status, 400);
    let stale = world.ask_with(ADMIN, "DELETE", &path, &Value::Null, &[("If-Match", "\"1\"")]);
    assert_eq!(stale.status, 412);
    assert_eq!(world.get(&path)["description"], "*");
    // What is not there has no version, whatever of it is missing.
    for gone in [format!("{ENGINES}/main/policies/none"), format!("{ENGINES}/none/policies/none")] {
        for tag in ["\"1\"", "*"] {
            let answer = world.ask_with(ADMIN, "DELETE", &gone, &Value::Null, &[("If-Match", tag)]);
            assert_eq!(answer.status, 412, "{gone} {tag}: {}", answer.text());
        }
        assert_eq!(world.ask(ADMIN, "DELETE", &gone, &Value::Null).status, 204, "{gone}");
    }
}

#[test]
fn changes_at_the_same_time_lose_nothing_of_each_other() {
    let world = World::start();
    for _ in 0..10 {
        let id = world.policy(PERMIT);
        let path = format!("{ENGINES}/main/policies/{id}");
        let bodies = ["name", "description"].map(|member| json!({"policy_body": PERMIT, member: "kept"}));
        let bearer = format!("Bearer {ADMIN}");
        let headers = [("Authorization", &*bearer), ("Content-Type", "application/json")];
        std::thread::scope(|scope| {
            for body in &bodies {
                let mut client = world.gateway.control_client();
                let path = &path;
                scope.spawn(move || {
                    let answer = client.request("PUT", path, &headers, body.to_string().as_bytes());
                    assert_eq!(answer.status, 200, "{}", answer.text());
                });
            }
        });
        let kept = world.get(&path);
        assert_eq!((&kept["name"], &kept["description"]), (&json!("kept"), &json!("kept")), "{kept}");
    }
}

/// What is checked while others write is checked against what they wrote.
#[test]
fn a_schema_and_a_policy_that_disagree_are_never_both_there() {
    let world = World::start();
    let schema = json!({"schema": "entity Agent; entity Gateway; action \"a\" appliesTo { principal: Agent, resource: Gateway };"});
    let policy = json!({"policy_body": "permit(principal == Stranger::\"s\", action, resource);"});
    let bearer = format!("Bearer {ADMIN}");
    let headers = [("Authorization", &*bearer), ("Content-Type", "application/json")];
    for round in 0..10 {
        let engine = format!("{ENGINES}/e{round}");
        world.ask(ADMIN, "POST", ENGINES, &json!({"name": format!("e{round}")}));
        let statuses = std::thread::scope(|scope| {
            let sent =
                [("PUT", "schema", &schema), ("POST", "policies", &policy)].map(|(method, part, body)| {
                    let (mut client, path) = (world.gateway.control_client(), format!("{engine}/{part}"));
                    scope.spawn(move || {
                        client.request(method, &path, &headers, body.to_string().as_bytes()).status
                    })
                });
            sent.map(|sent| sent.join().unwrap())
        });
        assert!(statuses == [200, 400] || statuses == [400, 201], "{statuses:?}");
    }
}

/// As the document's servers do. What a page of another site sends is told by its `Origin`, not by its type.
#[test]
fn a_body_of_any_type_is_read_as_json_unless_it_is_packed() {
    let world = World::start();
    let send = |name: &str, more: (&str, &str)| {
        let bearer = format!("Bearer {ADMIN}");
        let body = json!({"name": name}).to_string();
        let headers = [("Authorization", &*bearer), more];
        world.gateway.control_client().request("POST", ENGINES, &headers, body.as_bytes()).status
    };
    assert_eq!(send("plain", ("Content-Type", "text/plain")), 201);
    assert_eq!(send("untold", ("Accept", "*/*")), 201);
    assert_eq!(send("packed", ("Content-Encoding", "gzip")), 415);
}

#[test]
fn a_batch_is_made_whole_or_not_at_all() {
    let world = World::start();
    let id = world.policy(PERMIT);
    let path = format!("{ENGINES}/main/policies:batch");
    let count = || world.get(&format!("{ENGINES}/main"))["policy_count"].clone();
    let forbid = "forbid(principal, action, resource);";
    for wrong in [
        json!({"policies": [{"policy_body": forbid}, {"policy_body": "nonsense"}]}),
        json!({"policies": [{"policy_body": forbid}, {"policy_body": PERMIT, "policy_id": "none"}]}),
        json!({"policies": [{"policy_body": forbid, "policy_id": id}], "delete": [id]}),
        json!({"policies": [{"policy_body": forbid}, {"policy_body": PERMIT, "policy_id": id, "revision": 7}]}),
        json!({"policies": [{"policy_body": 5}]}),
        json!({"policies": [{"policy_body": PERMIT, "policy_id": id, "revision": "1"}]}),
    ] {
        let answer = world.ask(ADMIN, "PUT", &path, &wrong);
        assert!((400..=422).contains(&answer.status), "{wrong}: {} {}", answer.status, answer.text());
        assert_eq!(count(), 1, "{wrong}");
    }
    let told = |body: &Value| world.ask(ADMIN, "PUT", &path, body).json();
    // What is wrong is called by its place.
    let fields = told(&json!({
        "policies": [{"policy_body": forbid}, 5, {}, {"policy_body": 5, "revision": "1", "dry_run": true, "name": "n".repeat(200)}],
        "delete": [id, 7],
    }));
    let mut places: Vec<String> =
        fields["detail"].as_array().unwrap().iter().map(|field| field["loc"].to_string()).collect();
    places.sort();
    let expected = [
        r#"["body","delete",1]"#,
        r#"["body","policies",1]"#,
        r#"["body","policies",2,"policy_body"]"#,
        r#"["body","policies",3,"dry_run"]"#,
        r#"["body","policies",3,"name"]"#,
        r#"["body","policies",3,"policy_body"]"#,
        r#"["body","policies",3,"revision"]"#,
    ];
    assert_eq!(places, expected, "{fields}");
    let is_wrong = |body: Value, words: &str| {
        let told = told(&body);
        assert!(told["detail"].as_str().unwrap().contains(words), "{told}");
        told
    };
    let cedar = is_wrong(
        json!({"policies": [{"policy_body": forbid}, {"policy_body": "permit(", "policy_id": id}]}),
        "invalid Cedar policy policies[1]: ",
    );
    assert_eq!(cedar["errors"][0]["policy_id"], "policies[1]");
    is_wrong(
        json!({"policies": [{"policy_body": PERMIT, "policy_id": "none"}]}),
        "policies[0]: policy 'none'",
    );
    is_wrong(
        json!({"policies": [{"policy_body": PERMIT, "policy_id": id, "revision": 7}]}),
        "policies[0] was changed",
    );
    let strict = json!({"policies": [{"policy_body": PERMIT, "validation_mode": "FAIL_ON_ANY_FINDINGS"}]});
    let found = is_wrong(strict, "policies[0]: the engine takes no policy with findings");
    assert_eq!(found["findings"][0]["policy_id"], "policies[0]");
    assert_eq!(count(), 1);
    let right = json!({"policies": [{"policy_body": forbid}, {"policy_body": forbid}], "delete": [id]});
    let answer = world.ask(ADMIN, "PUT", &path, &right);
    assert_eq!((answer.status, &answer.json()["changed"]), (200, &json!(3)), "{}", answer.text());
    assert_eq!(count(), 2);
    let version = answer.json()["snapshot_version"].as_u64().unwrap();
    assert_eq!(world.gateway.records_of("cedar.policies.changed")[0]["snapshot"]["version"], version);
}

#[test]
fn an_engine_with_a_schema_takes_what_agrees_with_it() {
    let world = World::start();
    let schema = "entity Agent; entity Gateway; action \"files___read\" appliesTo { principal: Agent, resource: Gateway, \
                  context: { input: { path: String } } };";
    let made = world.ask(ADMIN, "POST", ENGINES, &json!({"name": "strict", "schema": schema}));
    assert_eq!(made.status, 201, "{}", made.text());
    let write = |text: &str| {
        world.ask(ADMIN, "POST", &format!("{ENGINES}/strict/policies"), &json!({"policy_body": text}))
    };
    let good = "permit(principal == Agent::\"a\", action == Action::\"files___read\", resource == Gateway::\"files\") when { context.input.path like \"/tmp/*\" };";
    assert_eq!(write(good).status, 201);
    let bad = write(&good.replace("input.path", "input.pth"));
    assert_eq!(bad.status, 400);
    assert!(bad.text().contains("did you mean"), "{}", bad.text());
    // Another schema must agree with what is there.
    let set = |schema: Value| {
        world.ask(ADMIN, "PUT", &format!("{ENGINES}/strict/schema"), &json!({"schema": schema}))
    };
    let try_as = |key: &str| {
        let body = json!({"policy_body": good, "engine_id": "strict"});
        world.ask(key, "POST", "/api/v1/policy/validate", &body)
    };
    assert_eq!(try_as(ADMIN).json()["valid"], true);
    for key in [ALICE, STRANGER] {
        assert_eq!(try_as(key).status, 403, "what is held against a schema costs more");
    }
    assert_eq!(set(json!(schema.replace("path: String", "path: Long"))).status, 400);
    assert_eq!(set(json!("entity Agent")).status, 400);
    assert_eq!(set(Value::Null).status, 200);
    assert_eq!(try_as(ALICE).json()["valid"], true);
    assert_eq!(write(&good.replace("input.path", "input.pth")).status, 201);
    assert_eq!(world.get(&format!("{ENGINES}/strict/schema"))["schema"], Value::Null);
}

#[test]
fn strict_engines_take_no_findings_and_dry_runs_write_nothing() {
    let world = World::start();
    world.ask(ADMIN, "POST", ENGINES, &json!({"name": "strict", "validation_mode": "FAIL_ON_ANY_FINDINGS"}));
    let path = format!("{ENGINES}/strict/policies");
    let all = world.ask(ADMIN, "POST", &path, &json!({"policy_body": PERMIT}));
    assert_eq!(
        (all.status, &all.json()["findings"][0]["type"]),
        (400, &json!("ALLOW_ALL")),
        "{}",
        all.text()
    );
    let lenient = json!({"policy_body": PERMIT, "validation_mode": "IGNORE_ALL_FINDINGS", "dry_run": true});
    let dry = world.ask(ADMIN, "POST", &path, &lenient);
    assert_eq!((dry.status, &dry.json()["findings"][0]["type"]), (200, &json!("ALLOW_ALL")));
    assert_eq!(world.get(&path)["policies"], json!([]));
    let told = world.ask(
        ALICE,
        "POST",
        "/api/v1/policy/validate",
        &json!({"policy_body": "permit(principal, action);"}),
    );
    assert_eq!((told.status, &told.json()["valid"]), (200, &json!(false)));
}

#[test]
fn a_call_that_is_written_out_is_tried() {
    let world = World::start();
    let id = world
        .policy("permit(principal in Group::\"eng\", action, resource) when { context.input.amount < 10 };");
    let ask = |context: Value, parents: Value| {
        let body = json!({
            "principal": "User::\"ada\"", "action": "Action::\"pay___send\"", "resource": "Gateway::\"pay\"",
            "context": context, "entities": [{"uid": "User::\"ada\"", "parents": parents}],
        });
        world.ask(ADMIN, "POST", &format!("{ENGINES}/main/is_authorized"), &body).json()
    };
    let told = ask(json!({"input": {"amount": 3}}), json!(["Group::\"eng\""]));
    assert_eq!((&told["decision"], &told["determining_policies"]), (&json!("Allow"), &json!([id])));
    assert_eq!(ask(json!({"input": {"amount": 30}}), json!(["Group::\"eng\""]))["decision"], "Deny");
    assert_eq!(ask(json!({"input": {"amount": 3}}), json!([]))["decision"], "Deny");
    let failed = ask(json!({}), json!(["Group::\"eng\""]));
    assert_eq!(
        (&failed["decision"], &failed["diagnostics"]["errors"][0]["policy_id"]),
        (&json!("Deny"), &json!(id))
    );
    assert!(world.gateway.records_of("decision").is_empty());
}

/// As Cedar's own JSON has entities, with what a token claims as tags. Keys of Cedar's JSON mean nothing in values.
#[test]
fn a_call_that_is_written_out_has_entities_with_tags() {
    let world = World::start();
    world.policy("permit(principal in Group::\"odd \\\" id\", action, resource) when { principal.hasTag(\"department\") && principal.getTag(\"department\") == \"billing\" && principal.level == 3 };");
    let ask = |entity: &Value| {
        let body = json!({
            "principal": "User::\"ada\"", "action": "Action::\"pay___send\"", "resource": "Gateway::\"pay\"",
            "context": {}, "entities": [entity],
        });
        world.ask(ADMIN, "POST", &format!("{ENGINES}/main/is_authorized"), &body)
    };
    let ada = json!({
        "uid": {"type": "User", "id": "ada"}, "parents": [{"type": "Group", "id": "odd \" id"}],
        "attrs": {"level": 3}, "tags": {"department": "billing"},
    });
    assert_eq!(ask(&ada).json()["decision"], "Allow");
    let with = |name: &str, value: Value| {
        let mut other = ada.clone();
        other[name] = value;
        ask(&other)
    };
    assert_eq!(with("tags", json!({"department": "sales"})).json()["decision"], "Deny");
    assert_eq!(
        with("attrs", json!({"level": {"__extn": {"fn": "decimal", "arg": "3.0"}}})).json()["decision"],
        "Deny"
    );
    for (name, value) in [
        ("uid", json!({"type": "User"})),
        ("parents", json!([7])),
        ("tags", json!([])),
        ("attrs", json!({"level": null})),
        ("uid", json!({"type": "User::\"x\"; permit", "id": "ada"})),
    ] {
        let answer = with(name, value.clone());
        assert_eq!(answer.status, 400, "{name} {value}: {}", answer.text());
    }
}

#[test]
fn policies_are_found_by_whom_they_are_about() {
    let world = World::start();
    let (one, _two) = (
        world.policy("permit(principal == Agent::\"a\", action, resource);"),
        world.policy("permit(principal == Agent::\"b\", action, resource);"),
    );
    let everybody = world.policy(PERMIT);
    let found = world.get(&format!("{ENGINES}/main/policies?principal=Agent%3A%3A%22a%22"));
    let ids: Vec<_> =
        found["policies"].as_array().unwrap().iter().map(|policy| policy["policy_id"].clone()).collect();
    assert_eq!(ids, [json!(one), json!(everybody)]);
    assert_eq!(
        world.ask(ADMIN, "GET", &format!("{ENGINES}/main/policies?principal=nonsense"), &Value::Null).status,
        400
    );
    let pretty = world.get(&format!("{ENGINES}/main/policies/{one}?format=pretty"));
    assert_eq!(pretty["definition"], "permit (\n  principal == Agent::\"a\",\n  action,\n  resource\n);\n");
}
