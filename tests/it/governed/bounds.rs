//! What going back, approvals, tokens and policies of a tenant cannot be used for.

use serde_json::{Value, json};

use super::world::{ADMIN, AGENT, DEPLOY, OPS, STRANGE_ADMIN, World, asking, came_to, proposal};

#[test]
fn going_back_undoes_no_revocation_and_widens_no_grant() {
    let mut world = World::start();
    world.register(DEPLOY, "low");
    world.policy("open", &json!([{"capability": DEPLOY, "outcome": "ALLOW"}]));
    world.grant("agent-1", DEPLOY, &json!({}));
    let wide = world.get(ADMIN, "/api/v1/snapshots")["snapshots"][0]["version"].clone();
    came_to(&world.propose(DEPLOY, &json!({})), "ALLOW", "policy_allowed");
    let revoked =
        world.ask(ADMIN, "DELETE", &format!("/api/v1/actors/agent-1/grants/{DEPLOY}"), &Value::Null);
    assert_eq!(revoked.status, 204);
    let back = world.ask(ADMIN, "POST", &format!("/api/v1/snapshots/{wide}/rollback"), &json!({}));
    assert_eq!(back.status, 200, "{}", back.text());
    came_to(&world.propose(DEPLOY, &json!({})), "DENY", "grant_missing");
    world.restart("KILL");
    came_to(&world.propose(DEPLOY, &json!({})), "DENY", "grant_missing");
    // Which names there can be none of is told: whoever slipped would think it revoked.
    for path in ["/api/v1/actors/agent-1/grants/BAD", "/api/v1/actors/a%20b/grants/a.b"] {
        assert_eq!(world.ask(ADMIN, "DELETE", path, &Value::Null).status, 404, "{path}");
    }
}

#[test]
fn an_approval_is_for_the_policy_that_was_seen() {
    let world = asking();
    let held = world.propose(DEPLOY, &json!({}));
    let hold = held["confirmation"]["hold_id"].clone();
    assert_eq!(world.approve(OPS, &hold).status, 200);
    // The policy is another one now, under the same name and number.
    let policies = world.get(ADMIN, "/api/v1/policies");
    let path = format!("/api/v1/policies/{}", policies["policies"][0]["id"].as_str().unwrap());
    let rules = json!([{"capability": DEPLOY, "condition": "actor.type == 'ai-agent'", "outcome": "REQUIRE_CONFIRMATION"}]);
    let put = world.ask(ADMIN, "PUT", &path, &json!({"name": "ask", "rules": rules}));
    assert_eq!(put.status, 200, "{}", put.text());
    let answer = world.confirm(DEPLOY, &json!({}), &hold);
    came_to(&answer, "REQUIRE_CONFIRMATION", "confirmation_invalid");
    let other = answer["confirmation"]["hold_id"].clone();
    assert_ne!(other, hold);
    assert_eq!(world.approve(OPS, &other).status, 200);
    came_to(&world.confirm(DEPLOY, &json!({}), &other), "ALLOW", "approved");
}

#[test]
fn a_token_that_is_none_decides_nothing_and_that_is_told() {
    let world = World::start();
    world.register(DEPLOY, "low");
    world.policy("open", &json!([{"capability": DEPLOY, "outcome": "ALLOW"}]));
    world.grant("agent-1", DEPLOY, &json!({}));
    let unused =
        |answer: &Value| answer["reason"].as_str().unwrap().ends_with("The confirmation_token was not used.");
    for token in [json!(""), json!(7), json!([]), json!("x".repeat(1000)), json!("hld_bogus")] {
        let answer = world.confirm(DEPLOY, &json!({}), &token);
        came_to(&answer, "ALLOW", "confirmation_invalid");
        assert!(unused(&answer), "{answer}");
        let answer = world.confirm("files.other", &json!({}), &token);
        came_to(&answer, "DENY", "capability_unknown");
        assert!(unused(&answer), "{answer}");
    }
}

#[test]
fn a_decision_that_let_nothing_through_has_no_constraints() {
    let world = World::start();
    world.register(DEPLOY, "low");
    let limited = json!({"rate_limit": {"max_requests": 5, "window_seconds": 60}});
    world.grant("agent-1", DEPLOY, &limited);
    let body = json!([{"capability": DEPLOY, "outcome": "ALLOW", "constraints": {"max_response_bytes": 10}}]);
    world.policy("open", &body);
    world.policy(
        "shut",
        &json!([{"capability": DEPLOY, "condition": "parameters.x == 1", "outcome": "DENY"}]),
    );
    for (x, outcome, empty) in [(1, "DENY", true), (2, "ALLOW", false)] {
        let answer = world.propose(DEPLOY, &json!({"x": x}));
        assert_eq!(answer["outcome"], outcome);
        let path = format!("/api/v1/governance/decisions/{}", answer["decision_id"].as_str().unwrap());
        let shown = world.get(OPS, &path);
        assert_eq!(shown["constraints"] == json!({}), empty, "{shown}");
        assert_eq!(shown["constraints"], answer["constraints"]);
    }
    // What was changed is told by the audit log.
    let entries = world.get(OPS, "/api/v1/audit/log?event_type=policy.created");
    let named: Vec<&str> = entries["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|entry| entry["object"]["name"].as_str())
        .collect();
    assert_eq!(named, ["shut", "open"]);
}

#[test]
fn regular_expressions_of_a_tenant_take_bounded_memory() {
    let world = World::start();
    // Twelve repeated classes of all letters take up to a megabyte each.
    let heavy = vec![r"parameters.x.matches(r'^\w{1,12}$')"; 20].join(" or ");
    let rule = json!({"capability": "a.b", "condition": heavy, "outcome": "DENY"});
    let body = json!({"name": "heavy", "rules": [rule]});
    let answer = world.ask(STRANGE_ADMIN, "POST", "/api/v1/policies", &body);
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert!(answer.text().contains("bytes compiled"), "{}", answer.text());
    let lighter = vec![r"parameters.x.matches(r'^\w{1,12}$')"; 15].join(" or ");
    let rule = json!({"capability": "a.b", "condition": lighter, "outcome": "DENY"});
    let made = |number: usize| {
        let body = json!({"name": format!("heavy-{number}"), "tenant": "elsewhere", "rules": [rule.clone()]});
        world.ask(STRANGE_ADMIN, "POST", "/api/v1/policies", &body)
    };
    let statuses: Vec<u16> = (0..9).map(|number| made(number).status).collect();
    assert_eq!(statuses, [201, 201, 201, 201, 201, 201, 201, 201, 409]);
    // Others are not kept from theirs.
    world.policy(
        "light",
        &json!([{"capability": "a.b", "condition": "parameters.x.matches('^a+$')", "outcome": "DENY"}]),
    );
}

#[test]
fn who_cannot_be_named_is_not_let_in() {
    let world = World::start();
    let body = json!({"id": "odd", "actor": {"id": "x y"}, "scopes": []});
    let refused = world.ask(ADMIN, "POST", "/api/v1/keys", &body);
    assert!(refused.status == 400 && refused.text().contains("no actor's id"), "{}", refused.text());
    let headers = [("X-Api-Key", AGENT), ("X-Aegis-Actor", "a b")];
    assert_eq!(world.gateway.client().request("GET", "/crm/contacts/1", &headers, b"").status, 401);
    // As identity providers write them.
    for actor in ["auth0|5f7c8ec7", "user:ada+test@example.com", "did:web:example.com#key=1"] {
        let path =
            format!("/api/v1/actors/{}", actor.replace('|', "%7C").replace('#', "%23").replace('+', "%2B"));
        let put = world.ask(ADMIN, "PUT", &path, &json!({"status": "suspended"}));
        assert_eq!((put.status, &put.json()["actor"]), (200, &json!(actor)), "{}", put.text());
    }
    let mut asked = proposal(DEPLOY, &json!({}));
    asked["actor"]["id"] = json!("auth0|5f7c8ec7");
    assert_eq!(world.propose_raw(AGENT, &asked).json()["error"]["code"], "actor-mismatch");
}
