//! Arguments that are meant to change who or what is judged.

use serde_json::json;

use super::world::{ADMIN, AGENT, ENGINES, World, came_to};

#[test]
fn arguments_are_values_and_never_entities_or_extensions() {
    let world = World::start();
    world.policy(
        "permit(principal == Agent::\"agent-1\", action == Action::\"pay___send\", resource) \
         when { context.input has to && context.input.to == \"ada\" };",
    );
    came_to(&world.propose("pay.send", &json!({"to": "ada"})), "ALLOW", "cedar_allowed");
    for hostile in [
        json!({"to": {"__entity": {"type": "Agent", "id": "root"}}}),
        json!({"to": {"__extn": {"fn": "ip", "arg": "10.0.0.1"}}}),
        json!({"__entity": {"type": "Agent", "id": "root"}}),
        json!({"to": null}),
        json!({"to": 1.5}),
        json!({"to": 1e300}),
        json!({"to": 99999999999999999999_u128 as f64}),
        json!({"to": ["ada"]}),
        json!({"to": "ada\" || true || \""}),
        json!({"context": {"input": {"to": "ada"}}}),
        json!({"input": {"to": "ada"}}),
    ] {
        let told = world.propose("pay.send", &hostile);
        assert_eq!(told["outcome"], "DENY", "{hostile}: {told}");
    }
    // What no policy reads does no harm.
    came_to(
        &world.propose(
            "pay.send",
            &json!({"to": "ada", "note": null, "rate": 0.123456789, "__entity": {"type": "A", "id": "b"}}),
        ),
        "ALLOW",
        "cedar_allowed",
    );
}

#[test]
fn a_value_that_cedar_cannot_say_denies_where_a_policy_reads_it() {
    let world = World::start();
    world.policy("permit(principal, action, resource);");
    world.policy("forbid(principal, action == Action::\"pay___send\", resource) when { context.input has limit && context.input.limit > 100 };");
    came_to(&world.propose("pay.send", &json!({"limit": 5})), "ALLOW", "cedar_allowed");
    for dropped in [json!({"limit": null}), json!({"limit": 1e300}), json!({"limit": 0.123456789})] {
        came_to(&world.propose("pay.send", &dropped), "DENY", "indeterminate");
    }
    came_to(&world.propose("pay.other", &json!({"limit": null})), "ALLOW", "cedar_allowed");
    // Whether there are arguments at all is told whatever is in them.
    world.policy("forbid(principal, action == Action::\"pay___all\", resource) unless { context has input && context.input has to };");
    came_to(&world.propose("pay.all", &json!({"to": "ada", "note": null})), "ALLOW", "cedar_allowed");
    came_to(&world.propose("pay.all", &json!({"to": null})), "DENY", "cedar_denied");
}

#[test]
fn paths_are_judged_as_they_are_forwarded() {
    let world = World::start();
    world.policy("permit(principal, action, resource == Http::\"/crm/contacts/42\");");
    assert_eq!(world.call(AGENT, "GET", "/crm/contacts/42"), 200);
    for other in [
        "/crm/contacts/43",
        "/crm/contacts/4%33",
        "/crm/contacts/42%22",
        "/crm/contacts/%2242",
        "/crm/contacts/Http::%2242%22",
    ] {
        assert_ne!(world.call(AGENT, "GET", other), 200, "{other}");
    }
    let seen = world.tool.seen();
    assert!(seen.iter().all(|seen| seen.line().contains(" /crm/contacts/42 ")), "{seen:?}");
}

#[test]
fn a_schema_that_grows_is_refused_and_only_administrators_send_one() {
    let world = World::start();
    let twice: String = (1..40).map(|n| format!("type T{n} = {{a: T{}, b: T{}}};", n - 1, n - 1)).collect();
    let schema = format!("type T0 = Long;{twice}entity Agent {{all: T39}};");
    let asked = json!({"policy_body": "permit(principal, action, resource);", "schema": schema});
    let checked = world.ask(ADMIN, "POST", "/api/v1/policy/validate", &asked);
    assert_eq!(checked.status, 200, "{}", checked.text());
    let told = checked.json();
    assert!(told["valid"] == false && told.to_string().contains("written out"), "{told}");
    assert_eq!(world.ask(AGENT, "POST", "/api/v1/policy/validate", &asked).status, 403);
    let without = json!({"policy_body": "permit(principal, action, resource);"});
    assert_eq!(world.ask(AGENT, "POST", "/api/v1/policy/validate", &without).json()["valid"], true);
    let made = world.ask(ADMIN, "POST", ENGINES, &json!({"name": "large", "schema": schema}));
    assert!(made.status == 400 && made.text().contains("written out"), "{}", made.text());
}

#[test]
fn no_record_has_a_value_that_a_policy_failed_on() {
    let world = World::start();
    world.policy("permit(principal, action, resource);");
    world.policy(
        "forbid(principal, action == Action::\"pay___send\", resource) when { ip(context.input.secret).isLoopback() };",
    );
    world.policy(
        "forbid(principal, action == Action::\"pay___send\", resource) when { context.input.sum + 1 > 2 };",
    );
    let asked = json!({"secret": "hush-hush", "sum": i64::MAX});
    came_to(&world.propose("pay.send", &asked), "DENY", "indeterminate");
    let records = world.gateway.records_of("decision");
    let cedar = &records.last().unwrap()["cedar"];
    assert_eq!(cedar["errors"].as_array().map(Vec::len), Some(2), "{cedar}");
    let told = json!(records).to_string();
    assert!(!told.contains("hush-hush") && !cedar.to_string().contains(&i64::MAX.to_string()), "{told}");
}
