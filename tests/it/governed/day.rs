//! A day of a governed agent: what it proposes and what it calls are decided alike, and every change shows on the next call.

use serde_json::json;

use super::world::{ADMIN, AGENT, OPS, RISK, SECURITY, World, came_to};

/// `infrastructure.deploy`: asked for by a policy in production, given to two people in a freeze, denied at last.
#[test]
fn every_outcome_is_reached_by_proposals() {
    let world = World::start();
    let deploy = json!({"service": "web", "environment": "production"});
    came_to(&world.propose("infrastructure.deploy", &deploy), "DENY", "capability_unknown");
    let schema = json!({
        "type": "object",
        "required": ["service", "environment"],
        "properties": {
            "service": {"type": "string"},
            "environment": {"type": "string", "enum": ["staging", "production"]}
        }
    });
    world.make(
        "/api/v1/capabilities",
        &json!({"name": "infrastructure.deploy", "risk_level": "critical", "parameter_schema": schema}),
    );
    came_to(&world.propose("infrastructure.deploy", &json!({"service": 5})), "DENY", "parameters_invalid");
    came_to(&world.propose("infrastructure.deploy", &deploy), "DENY", "grant_missing");
    world.grant("agent-1", "infrastructure.deploy", &json!({}));
    came_to(&world.propose("infrastructure.deploy", &deploy), "DENY", "default_denied");

    let rule = |outcome: &str, condition: &str| json!({"capability": "infrastructure.deploy", "condition": condition, "outcome": outcome, "priority": 100});
    let staging = rule("ALLOW", "parameters.environment == 'staging'");
    let production = rule("REQUIRE_CONFIRMATION", "parameters.environment == 'production'");
    let policy = world.policy("deploys", &json!([staging, production]));
    let staged = world.propose("infrastructure.deploy", &json!({"service": "web", "environment": "staging"}));
    came_to(&staged, "ALLOW", "policy_allowed");
    assert!(staged["reason"].as_str().unwrap().contains("deploys"), "{staged}");

    let asked = world.propose("infrastructure.deploy", &deploy);
    came_to(&asked, "REQUIRE_CONFIRMATION", "approval_required");
    let hold = asked["confirmation"]["hold_id"].clone();
    // Nobody has approved yet, and the proposer may not.
    came_to(
        &world.confirm("infrastructure.deploy", &deploy, &hold),
        "REQUIRE_CONFIRMATION",
        "approval_required",
    );
    assert_eq!(world.approve(AGENT, &hold).status, 403);
    assert_eq!(world.approve(OPS, &hold).status, 200);
    // Another proposal is not confirmed by it.
    let other = json!({"service": "db", "environment": "production"});
    let unconfirmed = world.confirm("infrastructure.deploy", &other, &hold);
    came_to(&unconfirmed, "REQUIRE_CONFIRMATION", "confirmation_invalid");
    assert_ne!(unconfirmed["confirmation"]["hold_id"], hold);
    let confirmed = world.confirm("infrastructure.deploy", &deploy, &hold);
    came_to(&confirmed, "ALLOW", "approved");
    let again = world.confirm("infrastructure.deploy", &deploy, &hold);
    came_to(&again, "REQUIRE_CONFIRMATION", "confirmation_invalid");

    // The policy asks for two people from now on.
    let path = format!("/api/v1/policies/{}", policy["id"].as_str().unwrap());
    let escalate = rule("ESCALATE", "parameters.environment == 'production'");
    let changed = json!({"name": "deploys", "rules": [escalate]});
    assert_eq!(world.ask(ADMIN, "PUT", &path, &changed).status, 200);
    let frozen = json!({"service": "api", "environment": "production"});
    let asked = world.propose("infrastructure.deploy", &frozen);
    came_to(&asked, "ESCALATE", "approval_required");
    let hold = asked["confirmation"]["hold_id"].clone();
    assert_eq!(world.approve(OPS, &hold).status, 403, "without the role");
    assert_eq!(world.approve(RISK, &hold).status, 200);
    came_to(&world.confirm("infrastructure.deploy", &frozen, &hold), "ESCALATE", "approval_required");
    assert_eq!(world.approve(SECURITY, &hold).status, 200);
    came_to(&world.confirm("infrastructure.deploy", &frozen, &hold), "ALLOW", "approved");

    // A DENY wins whatever its priority.
    let deny = json!({"capability": "infrastructure.*", "outcome": "DENY", "priority": 0});
    world.policy("freeze", &json!([deny]));
    let denied = world.propose("infrastructure.deploy", &frozen);
    came_to(&denied, "DENY", "policy_denied");
    assert!(denied["reason"].as_str().unwrap().contains("freeze"), "{denied}");
    assert!(world.gateway.verify().status.success());
}

/// The data plane is governed by the same objects, from the very next call on.
#[test]
fn changes_act_on_the_next_proxied_call() {
    let world = World::start();
    let refused = |code: &str| {
        let answer = world.call("POST", "/crm/contacts");
        assert_eq!((answer.status, answer.json()["code"].as_str()), (403, Some(code)), "{}", answer.text());
    };
    let passes = || {
        let before = world.tool.count();
        let answer = world.call("POST", "/crm/contacts");
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(world.tool.count(), before + 1);
    };
    refused("capability_unknown");
    world.register("crm.contacts.create", "medium");
    refused("grant_missing");
    world.grant("agent-1", "crm.contacts.create", &json!({}));
    refused("default_denied");
    let policy = world.policy("crm", &json!([{"capability": "crm.*", "outcome": "ALLOW"}]));
    passes();

    // A suspended actor, and the kill switch.
    let actor = "/api/v1/actors/agent-1";
    let status = |status: &str| world.ask(ADMIN, "PUT", actor, &json!({"status": status})).status;
    assert!(matches!(status("suspended"), 200 | 201));
    refused("actor_suspended");
    assert_eq!(status("active"), 200);
    passes();
    assert_eq!(status("revoked"), 200);
    refused("actor_revoked");
    assert_eq!(status("active"), 200);
    let switch = |active: bool| {
        let body = json!({"active": active, "reason": "drill"});
        world.ask(ADMIN, "PUT", "/api/v1/kill-switch", &body).status
    };
    assert!(matches!(switch(true), 200 | 201));
    refused("kill_switch");
    assert_eq!(switch(false), 200);
    passes();

    // A policy that is switched off, and on again with a condition.
    let path = format!("/api/v1/policies/{}", policy["id"].as_str().unwrap());
    let rules = json!([{"capability": "crm.*", "outcome": "ALLOW", "condition": "parameters.name == 'ada'"}]);
    let put = |enabled: bool| {
        let body = json!({"name": "crm", "rules": rules, "enabled": enabled});
        assert_eq!(world.ask(ADMIN, "PUT", &path, &body).status, 200);
    };
    put(false);
    refused("default_denied");
    put(true);
    passes();

    // A window that is over for today, whatever the time: it ends as it begins an hour ago.
    let grant = "/api/v1/actors/agent-1/grants";
    let expired = json!({"capability": "crm.contacts.create", "expires_at": "2020-01-01T00:00:00Z"});
    assert_eq!(world.ask(ADMIN, "POST", grant, &expired).status, 200);
    refused("grant_expired");
    let limited = json!({"rate_limit": {"max_requests": 2, "window_seconds": 3600}});
    let body = json!({"capability": "crm.contacts.create", "constraints": limited});
    assert_eq!(world.ask(ADMIN, "POST", grant, &body).status, 200);
    passes();
    came_to(&world.propose("crm.contacts.create", &json!({})), "DENY", "default_denied");
    let named = json!({"name": "ada"});
    came_to(&world.propose("crm.contacts.create", &named), "ALLOW", "policy_allowed");
    refused("grant_rate_exceeded");
    came_to(&world.propose("crm.contacts.create", &named), "DENY", "grant_rate_exceeded");

    // Revoking the last grant admits nothing.
    let revoke = format!("{grant}/crm.contacts.create");
    assert_eq!(world.ask(ADMIN, "DELETE", &revoke, &json!(null)).status, 204);
    refused("grant_missing");
    assert_eq!(world.ask(ADMIN, "DELETE", &revoke, &json!(null)).status, 204, "twice too");
    assert!(world.gateway.verify().status.success());
}
