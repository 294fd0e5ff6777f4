//! The enforcement API of document 000: capabilities, policies, grants, statuses of actors, and the kill switch.

use serde_json::{Value, json};

use super::world::{World, is_error, names};

fn capability() -> Value {
    json!({
        "name": "infrastructure.deploy",
        "description": "Deploy a service to the target environment",
        "risk_level": "critical",
        "parameter_schema": {
            "type": "object",
            "required": ["service", "environment"],
            "properties": {
                "service": {"type": "string"},
                "environment": {"type": "string", "enum": ["staging", "production"]}
            }
        }
    })
}

fn policy() -> Value {
    json!({
        "name": "production-deploy-confirmation",
        "description": "Require human confirmation for production deployments",
        "rules": [{
            "capability": "infrastructure.deploy",
            "condition": "parameters.environment == 'production'",
            "outcome": "REQUIRE_CONFIRMATION",
            "priority": 100
        }],
        "enabled": true
    })
}

fn grant() -> Value {
    json!({
        "capability": "database.query",
        "constraints": {
            "time_window": {"start": "09:00", "end": "17:00", "timezone": "UTC"},
            "rate_limit": {"max_requests": 100, "window_seconds": 3600}
        }
    })
}

/// `body` with one of its members changed.
fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

#[test]
fn capabilities_are_registered_listed_and_shown_as_the_document_has_them() {
    let world = World::start();
    let made = world.send("root", "POST", "/api/v1/capabilities", &capability());
    assert_eq!(made.status, 201, "{}", made.text());
    let object = made.json();
    let id = object["id"].as_str().unwrap();
    assert!(id.starts_with("cap_") && id.len() == 30, "{id}");
    assert_eq!(made.header("location"), Some(&*format!("/api/v1/capabilities/{id}")));
    assert_eq!(made.header("etag"), Some("\"1\""));
    for (name, value) in capability().as_object().unwrap() {
        assert_eq!(&object[name], value, "{name}");
    }
    let page = world.get("root", "/api/v1/capabilities");
    assert_eq!(names(&page), ["capabilities", "total", "cursor"]);
    assert_eq!(
        (&page["total"], &page["cursor"], &page["capabilities"][0]),
        (&json!(1), &Value::Null, &object)
    );
    for name in [id, "infrastructure.deploy"] {
        assert_eq!(world.get("reader", &format!("/api/v1/capabilities/{name}")), object);
    }
    let again = world.send("root", "POST", "/api/v1/capabilities", &capability());
    is_error(&again, 409, "already-exists");
    is_error(&world.ask("root", "GET", "/api/v1/capabilities/cap_nothing"), 404, "not-found");
    // Who speaks for the deployment finds it in the audit log.
    let log = "/api/v1/audit/log?event_type=capability.registered";
    assert_eq!(
        (&world.get("root", log)["total"], &world.get("auditor", log)["total"]),
        (&json!(1), &json!(0))
    );
    let records = world.gateway.records_of("capability.registered");
    assert_eq!((records.len(), &records[0]["by"]), (1, &json!("root")));
}

#[test]
fn policies_are_made_listed_and_replaced_at_their_version() {
    let mut world = World::start();
    let made = world.send("root", "POST", "/api/v1/policies", &policy());
    assert_eq!(made.status, 201, "{}", made.text());
    let object = made.json();
    let path = made.header("location").unwrap().to_owned();
    assert_eq!(path, format!("/api/v1/policies/{}", object["id"].as_str().unwrap()));
    for (name, value) in policy().as_object().unwrap() {
        if name != "rules" {
            assert_eq!(&object[name], value, "{name}");
        }
    }
    assert_eq!(object["rules"][0]["condition"], policy()["rules"][0]["condition"]);
    let shown = world.ask("root", "GET", &path);
    assert_eq!((shown.header("etag"), &shown.json()), (Some("\"1\""), &object));
    let off = with(policy(), "enabled", json!(false));
    let tagged = |tag: &str| world.send_with("root", "PUT", &path, &[("If-Match", tag)], &off);
    for tag in ["\"2\"", "\"0\"", "\"x\""] {
        is_error(&tagged(tag), 412, "version-stale");
    }
    for tag in ["1", "W/\"1\"", "\"1\", \"2\"", ""] {
        is_error(&tagged(tag), 400, "bad-precondition");
    }
    let replaced = tagged("\"1\"");
    assert_eq!((replaced.status, replaced.header("etag")), (200, Some("\"2\"")), "{}", replaced.text());
    assert_eq!(replaced.json()["created_at"], object["created_at"]);
    is_error(&tagged("\"1\""), 412, "version-stale");
    for (query, total) in [("", 0), ("?enabled=true", 0), ("?enabled=false", 1), ("?enabled=all", 1)] {
        let page = world.get("root", &format!("/api/v1/policies{query}"));
        assert_eq!(
            (names(&page), &page["total"]),
            (vec!["policies", "total", "cursor"], &json!(total)),
            "{query}"
        );
    }
    is_error(&world.ask("root", "GET", "/api/v1/policies?enabled=maybe"), 400, "bad-query");
    is_error(&world.send("root", "PUT", "/api/v1/policies/pol_nothing", &policy()), 404, "not-found");
    assert_eq!(world.gateway.records_of("policy.updated").len(), 1);
    world.gateway.stop();
    let restarted = world.gateway.restart();
    let key = super::world::key("root");
    let shown = restarted.control_client().request("GET", &path, &[("X-Api-Key", &key)], b"");
    assert_eq!((shown.header("etag"), &shown.json()["enabled"]), (Some("\"2\""), &json!(false)));
}

#[test]
fn grants_are_given_replaced_listed_and_taken_away() {
    let world = World::start();
    let path = "/api/v1/actors/agent-001/grants";
    let page = world.get("reader", path);
    assert_eq!((names(&page), &page["total"]), (vec!["grants", "total", "cursor"], &json!(0)));
    let made = world.send("ops", "POST", path, &grant());
    assert_eq!(
        (made.status, made.header("location")),
        (201, Some(&*format!("{path}/database.query"))),
        "{}",
        made.text()
    );
    let object = made.json();
    assert!(object["id"].as_str().unwrap().starts_with("grt_"));
    assert_eq!(object["constraints"], grant()["constraints"]);
    let (actor, tenant) = (&object["actor"], &object["tenant"]);
    assert_eq!((actor, tenant), (&json!("agent-001"), &json!("acme")));
    let replaced = world.send("ops", "POST", path, &with(grant(), "constraints", json!({})));
    assert_eq!((replaced.status, replaced.header("location")), (200, None));
    assert_eq!((&replaced.json()["id"], &replaced.json()["version"]), (&object["id"], &json!(2)));
    assert_eq!(world.get("reader", path)["grants"], json!([replaced.json()]));
    assert_eq!(world.get("reader", &format!("{path}/database.query")), replaced.json());
    for who in ["stranger", "root"] {
        assert_eq!(world.get(who, path)["total"], 0, "{who}");
        is_error(&world.ask(who, "GET", &format!("{path}/database.query")), 404, "not-found");
    }
    assert_eq!(world.get("root", &format!("{path}?tenant=acme"))["total"], 1);
    is_error(&world.ask("stranger", "GET", &format!("{path}?tenant=acme")), 403, "tenant-not-allowed");
    is_error(
        &world.ask("stranger", "DELETE", &format!("{path}/database.query?tenant=acme")),
        403,
        "tenant-not-allowed",
    );
    for _twice in 0..2 {
        let gone = world.ask("ops", "DELETE", &format!("{path}/database.query"));
        assert_eq!((gone.status, gone.body.len()), (204, 0));
    }
    assert_eq!(world.get("reader", path)["total"], 0);
    assert_eq!(world.gateway.records_of("grant.revoked").len(), 1);
    // What stands in the path is decoded once.
    let odd = "/api/v1/actors/team%2Fagent%40x/grants";
    assert_eq!(world.send("ops", "POST", odd, &grant()).status, 201);
    assert_eq!(world.get("reader", odd)["grants"][0]["actor"], "team/agent@x");
}

#[test]
fn actors_are_suspended_and_everything_is_stopped() {
    let world = World::start();
    let path = "/api/v1/actors/agent-1";
    is_error(&world.ask("reader", "GET", path), 404, "not-found");
    let set = world.send("ops", "PUT", path, &json!({"status": "suspended", "reason": "odd calls"}));
    assert_eq!((set.status, &set.json()["status"]), (200, &json!("suspended")), "{}", set.text());
    assert_eq!(world.get("reader", path), set.json());
    is_error(&world.ask("stranger", "GET", path), 404, "not-found");
    is_error(&world.send("ops", "PUT", path, &json!({"status": "asleep"})), 400, "bad-body");
    let stop = json!({"active": true, "reason": "drill"});
    let stopped = world.send("root", "PUT", "/api/v1/kill-switch", &stop);
    assert_eq!((stopped.status, &stopped.json()["active"]), (200, &json!(true)), "{}", stopped.text());
    assert_eq!(world.send("reader", "PUT", "/api/v1/kill-switch", &stop).status, 403);
    let shown = world.get("reader", "/api/v1/kill-switch");
    assert_eq!(shown, json!({"active": true, "kill_switches": [stopped.json()]}));
    assert_eq!(world.ask("stranger", "DELETE", "/api/v1/kill-switch").status, 405);
}

#[test]
fn a_version_that_is_not_there_any_more_is_not_replaced() {
    let world = World::start();
    let suspend = json!({"status": "suspended"});
    let stop = json!({"active": false});
    for (path, body) in [("/api/v1/actors/agent-1", &suspend), ("/api/v1/kill-switch", &stop)] {
        let put = |tag: &str| world.send_with("root", "PUT", path, &[("If-Match", tag)], body);
        assert_eq!((put("*").status, put("\"1\"").status), (412, 412), "{path}: there is none");
        assert_eq!((put("1").status, put("\"1\", \"2\"").status), (400, 400), "{path}: no entity tag");
        let made = world.send("root", "PUT", path, body);
        assert_eq!((made.status, made.header("etag")), (200, Some("\"1\"")), "{path}");
        assert_eq!((put("\"1\"").status, put("\"1\"").status, put("*").status), (200, 412, 200), "{path}");
    }
}

#[test]
fn everybody_changes_what_its_scope_and_tenant_let_it() {
    let world = World::start();
    for (who, method, path, body) in [
        ("bot-1", "POST", "/api/v1/capabilities", capability()),
        ("reader", "POST", "/api/v1/capabilities", capability()),
        ("bot-1", "POST", "/api/v1/policies", policy()),
        ("reader", "POST", "/api/v1/policies", policy()),
        ("bot-1", "POST", "/api/v1/actors/agent-1/grants", grant()),
        ("reader", "POST", "/api/v1/actors/agent-1/grants", grant()),
        ("bot-1", "PUT", "/api/v1/actors/agent-1", json!({"status": "active"})),
        ("bot-1", "DELETE", "/api/v1/actors/agent-1/grants/database.query", Value::Null),
        ("reader", "GET", "/api/v1/policies", Value::Null),
        ("metrics", "GET", "/api/v1/capabilities", Value::Null),
        ("metrics", "GET", "/api/v1/actors/agent-1/grants", Value::Null),
    ] {
        is_error(&world.send(who, method, path, &body), 403, "scope-missing");
    }
    // Nobody gives itself a right.
    is_error(&world.send("granter", "POST", "/api/v1/actors/agent-7/grants", &grant()), 403, "own-actor");
    is_error(
        &world.send("granter", "PUT", "/api/v1/actors/agent-7", &json!({"status": "active"})),
        403,
        "own-actor",
    );
    assert_eq!(world.send("granter", "POST", "/api/v1/actors/agent-8/grants", &grant()).status, 201);
    // What holds for everybody takes a key of the deployment; what a tenant has, its own.
    for (path, body) in [("/api/v1/capabilities", capability()), ("/api/v1/policies", policy())] {
        is_error(&world.send("ops", "POST", path, &body), 403, "tenant-not-allowed");
        is_error(
            &world.send("ops", "POST", path, &with(body.clone(), "tenant", json!("other"))),
            403,
            "tenant-not-allowed",
        );
        let own = world.send("ops", "POST", path, &with(body.clone(), "tenant", json!("acme")));
        assert_eq!(own.status, 201, "{}", own.text());
        let id = own.json()["id"].as_str().unwrap().to_owned();
        is_error(&world.ask("stranger", "GET", &format!("{path}/{id}")), 404, "not-found");
        assert_eq!(world.get("stranger", path)["total"], 0);
        assert_eq!(world.get("root", path)["total"], 1);
        if path.ends_with("policies") {
            is_error(&world.send("stranger", "PUT", &format!("{path}/{id}"), &body), 404, "not-found");
        }
    }
}

#[test]
fn bodies_are_read_strictly_and_everything_wrong_is_told() {
    let world = World::start();
    let path = "/api/v1/policies";
    let raw = |content_type: &str, body: &[u8]| {
        let headers = [("X-Api-Key", &*super::world::key("root")), ("Content-Type", content_type)];
        world.gateway.control_client().request("POST", path, &headers, body)
    };
    is_error(&raw("text/plain", b"{}"), 415, "media-type-not-supported");
    is_error(&raw("application/x-yaml", b"name: x"), 415, "media-type-not-supported");
    for body in [
        &b""[..],
        b"{",
        b"[]",
        b"null",
        b"name: x",
        br#"{"name":"a","name":"b","rules":[]}"#,
        b"{\"name\":\"\xff\"}",
        br#"{"name":"x","rules":[],"extra":1}"#,
        br#"{"name":"x"}"#,
    ] {
        is_error(&raw("application/json", body), 400, "bad-body");
    }
    is_error(&raw("application/json", &vec![b' '; 1024 * 1024 + 1]), 413, "body-too-large");
    let twice = json!({"name": "", "rules": [{"capability": "a.b", "outcome": "MAYBE", "condition": "a ==", "more": 1}]});
    let answer = world.send("root", "POST", path, &twice);
    is_error(&answer, 400, "bad-body");
    let details = answer.json()["error"]["details"].clone();
    let fields: Vec<_> =
        details.as_array().unwrap().iter().map(|detail| detail["field"].as_str().unwrap()).collect();
    for field in ["rules[0].outcome", "rules[0].more"] {
        assert!(fields.contains(&field), "{field}: {fields:?}");
    }
    is_error(
        &world.send("root", "POST", "/api/v1/capabilities", &with(capability(), "name", json!("Deploy"))),
        400,
        "bad-body",
    );
    let bad = with(capability(), "parameter_schema", json!({"type": "objec"}));
    is_error(&world.send("root", "POST", "/api/v1/capabilities", &bad), 400, "bad-body");
    let other = with(grant(), "actor", json!("agent-2"));
    is_error(&world.send("ops", "POST", "/api/v1/actors/agent-1/grants", &other), 400, "bad-body");
    assert_eq!(world.get("root", "/api/v1/policies?enabled=all")["total"], 0);
}
