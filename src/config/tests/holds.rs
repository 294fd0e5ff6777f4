//! Calls that wait for people: how long and how many, where people find them, and whose keys approve.

use std::sync::Arc;
use std::time::Duration;

use crate::config::tests::{load_with, problems_of};
use crate::config::{HoldWait, Holds, Store};
use crate::model::call::PrincipalKind;

const FULL: &str = include_str!("../../../config/full.yaml");

/// Problems of a text, without their places.
fn told(text: &str) -> String {
    let problems = problems_of(text, &[]);
    let lines: Vec<&str> = problems.lines().map(|line| line.splitn(4, ':').nth(3).unwrap().trim()).collect();
    lines.join("\n")
}

fn defaults() -> Holds {
    Holds {
        ttl: Duration::from_secs(3600),
        ttl_automation: Duration::from_secs(300),
        max_pending: 10_000,
        max_pending_per_tenant: 10_000,
        max_pending_per_actor: 50,
        max_waiting_bytes: 67_108_864,
        keep: Duration::from_secs(2_592_000),
        escalation_roles: ["risk_lead", "security_lead"].map(Arc::from).into(),
    }
}

#[test]
fn what_is_not_written_is_as_documented() {
    for text in
        ["{}", "holds:\nstore:\n", "holds: {}\nstore: {}\n", "holds: {ttl_s: {}, escalation: {}}\n", FULL]
    {
        let config = load_with(text, &[]).unwrap();
        assert_eq!((config.holds, config.store), (defaults(), Store::Sqlite), "{text}");
    }
}

#[test]
fn only_scripts_and_services_have_the_short_time() {
    let rules = Holds::default();
    assert_eq!(rules, defaults());
    for kind in [PrincipalKind::Human, PrincipalKind::AiAgent, PrincipalKind::AiCopilot] {
        assert_eq!(rules.ttl_for(kind), Duration::from_secs(3600), "{kind:?}");
    }
    assert_eq!(rules.ttl_for(PrincipalKind::Automation), Duration::from_secs(300));
}

#[test]
fn what_is_written_is_taken() {
    let text = "holds: {ttl_s: {default: 604800, automation: 1}, max_pending: 7, max_pending_per_actor: 2, max_waiting_bytes: 0, \
                keep_days: 3650, escalation: {roles: [a, B-1, c.d, e_f]}}\nstore: {sqlite: {}}";
    let config = load_with(text, &[]).unwrap();
    let expected = Holds {
        ttl: Duration::from_secs(604_800),
        ttl_automation: Duration::from_secs(1),
        max_pending: 7,
        max_pending_per_tenant: 7,
        max_pending_per_actor: 2,
        max_waiting_bytes: 0,
        keep: Duration::from_secs(315_360_000),
        escalation_roles: ["a", "B-1", "c.d", "e_f"].map(Arc::from).into(),
    };
    assert_eq!(config.holds, expected);
    let apart = load_with("holds: {max_pending: 7, max_pending_per_tenant: 3}", &[]).unwrap();
    assert_eq!((apart.holds.max_pending, apart.holds.max_pending_per_tenant), (7, 3));
}

#[test]
fn what_holds_cannot_be_is_refused() {
    for (holds, expected) in [
        ("ttl_s: {default: 0}", "holds.ttl_s.default: must be from 1 to 604800, found 0"),
        ("ttl_s: {automation: 604801}", "holds.ttl_s.automation: must be from 1 to 604800, found 604801"),
        ("ttl_s: 300", "holds.ttl_s: expected a mapping, found an integer"),
        ("max_pending: 0", "holds.max_pending: must be from 1 to 1000000, found 0"),
        (
            "max_pending_per_tenant: 1000001",
            "holds.max_pending_per_tenant: must be from 1 to 1000000, found 1000001",
        ),
        ("max_pending_per_actor: 0", "holds.max_pending_per_actor: must be from 1 to 1000000, found 0"),
        ("max_waiting_bytes: -1", "holds.max_waiting_bytes: must be from 0 to 1099511627776, found -1"),
        ("keep_days: 0", "holds.keep_days: must be from 1 to 3650, found 0"),
        ("keep_day: 5", "holds.keep_day: unknown key; did you mean \"keep_days\"?"),
        ("escalation: {roles: []}", "holds.escalation.roles: must not be empty"),
        ("escalation: {roles: [a]}", "holds.escalation.roles: must have at least 2 entries, has 1"),
        (
            "escalation: {roles: [a, b, c, d, e]}",
            "holds.escalation.roles: must have at most 4 entries, has 5",
        ),
        ("escalation: {roles: [a, a]}", "holds.escalation.roles[1]: the role stands twice in the list"),
        (
            "escalation: {roles: [\"risk lead\", b]}",
            "holds.escalation.roles[0]: a role's name has 1 to 64 letters, digits, _, - and . only",
        ),
        (
            "escalation: {roles: [\"\", b]}",
            "holds.escalation.roles[0]: a role's name has 1 to 64 letters, digits, _, - and . only",
        ),
        ("webhook: {url: x}", "holds.webhook: not in this version; remove the key"),
    ] {
        assert_eq!(told(&format!("holds: {{{holds}}}")), expected, "{holds}");
    }
    for (store, expected) in [
        ("{sqlite: {path: x}}", "store.sqlite.path: unknown key"),
        ("{sqlte: {}}", "store.sqlte: unknown key; did you mean \"sqlite\"?"),
        ("{postgres: {url: x}}", "store.postgres: not in this version; remove the key"),
    ] {
        assert_eq!(told(&format!("store: {store}")), expected, "{store}");
    }
}

fn route(hold: &str) -> String {
    format!(
        "routes: [{{name: a, match: {{path_prefix: /a}}, protocol: mcp, capability_prefix: a, \
         upstream: {{addresses: [\"127.0.0.1:9\"]}}{hold}}}]"
    )
}

#[test]
fn a_route_waits_within_what_it_may() {
    for (hold, wait_ms, max_wait_ms) in [
        ("", 4_000, 60_000),
        (", hold: null", 4_000, 60_000),
        (", hold: {}", 4_000, 60_000),
        (", hold: {wait_ms: 0}", 0, 60_000),
        (", hold: {wait_ms: 90000}", 90_000, 90_000),
        (", hold: {max_wait_ms: 1000}", 1_000, 1_000),
        (", hold: {max_wait_ms: 0}", 0, 0),
        (", hold: {max_wait_ms: 300000}", 4_000, 300_000),
        (", hold: {wait_ms: 5000, max_wait_ms: 5000}", 5_000, 5_000),
    ] {
        let config = load_with(&route(hold), &[]).unwrap();
        let expected =
            HoldWait { wait: Duration::from_millis(wait_ms), max_wait: Duration::from_millis(max_wait_ms) };
        assert_eq!(config.routes[0].hold, expected, "{hold}");
    }
    for (hold, expected) in [
        (
            ", hold: {wait_ms: 5001, max_wait_ms: 5000}",
            "routes[0].hold.wait_ms: longer than max_wait_ms, the most a call may wait (5000)",
        ),
        (", hold: {wait_ms: 300001}", "routes[0].hold.wait_ms: must be from 0 to 300000, found 300001"),
        (", hold: {max_wait: 5}", "routes[0].hold.max_wait: unknown key; did you mean \"max_wait_ms\"?"),
    ] {
        assert_eq!(told(&route(hold)), expected, "{hold}");
    }
}

#[test]
fn the_public_url_is_one_that_paths_are_put_behind() {
    for (text, expected) in [
        ("null", None),
        ("https://aegis.example", Some("https://aegis.example")),
        ("https://aegis.example/", Some("https://aegis.example")),
        ("HTTP://Aegis.example:8443/gate/a/", Some("http://aegis.example:8443/gate/a")),
        ("\"http://[::1]:8000\"", Some("http://[::1]:8000")),
    ] {
        let config = load_with(&format!("control: {{public_url: {text}}}"), &[]).unwrap();
        assert_eq!(config.control.public_url.as_deref(), expected, "{text}");
    }
    let no_url = "control.public_url: not an absolute http or https URL; write it as https://aegis.example";
    let has_more = "control.public_url: must have neither a query nor a fragment: paths are put behind it";
    for (text, expected) in [
        ("", no_url),
        ("aegis.example", no_url),
        ("/gate", no_url),
        ("ftp://aegis.example", no_url),
        ("https://", no_url),
        ("https:///gate", no_url),
        ("https://me:secret@aegis.example", no_url),
        ("https://aegis.example/a b", no_url),
        ("https://aegis.example/a/../b", no_url),
        ("https://aegis.example?a=b", has_more),
        ("https://aegis.example/#x", has_more),
    ] {
        assert_eq!(told(&format!("control: {{public_url: \"{text}\"}}")), expected, "{text}");
    }
}

/// A configuration with these keys, the first in line 3; what is left out of each is its hash.
fn keys(keys: &[&str]) -> String {
    let hash = |index: usize| format!("sha256:{index:064}");
    let lines =
        keys.iter().enumerate().map(|(index, key)| format!("    - {{hash: \"{}\", {key}}}\n", hash(index)));
    format!("control:\n  keys:\n{}", lines.collect::<String>())
}

#[test]
fn a_key_has_roles_and_a_person() {
    let text =
        keys(&["id: a, roles: [risk_lead, ops], person: Ada Lovelace", "id: b", "id: c, person: null"]);
    let found = load_with(&text, &[]).unwrap().control.keys;
    assert_eq!(
        (found[0].roles.join(" ").as_str(), found[0].person.as_deref()),
        ("risk_lead ops", Some("Ada Lovelace"))
    );
    for key in &found[1..] {
        assert!(key.roles.is_empty() && key.person.is_none());
    }
    let long = format!("id: a, person: {}", "x".repeat(129));
    for (key, expected) in [
        ("id: a, roles: [a, a]", "control.keys[0].roles[1]: the role stands twice in the list"),
        (
            "id: a, roles: [a/b]",
            "control.keys[0].roles[0]: a role's name has 1 to 64 letters, digits, _, - and . only",
        ),
        ("id: a, person: \"\"", "control.keys[0].person: must not be empty"),
        (&long, "control.keys[0].person: must have at most 128 characters, has 129"),
    ] {
        assert_eq!(told(&keys(&[key])), expected, "{key}");
    }
}

#[test]
fn keys_that_share_an_id_are_one_holders() {
    let hint = "; keys that share an id are one holder's: give both the same, or this one an id of its own";
    let person =
        format!("control.keys[1].person: not the person of the key with the same id in line 3{hint}");
    let roles = format!("control.keys[1].roles: not the roles of the key with the same id in line 3{hint}");
    for (first, second, expected) in [
        ("id: a, roles: [x, y], person: ada", "id: a, roles: [y, x], person: ada", String::new()),
        ("id: a, roles: [x], person: ada", "id: b, roles: [y], person: bob", String::new()),
        ("id: a, person: ada", "id: a, person: bob", person.clone()),
        ("id: a, roles: [x]", "id: a, roles: [x, y]", roles.clone()),
        ("id: a, roles: [x], person: ada", "id: a", format!("{person}\n{roles}")),
    ] {
        assert_eq!(told(&keys(&[first, second])), expected, "{first} / {second}");
    }
}
