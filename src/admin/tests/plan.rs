//! Which changes may be made, by whom, and what comes of them.

use std::sync::Arc;

use super::support::*;
use crate::admin::{By, Change, Entry, IfMatch, MOST_OBJECTS, Refused, Registry, Row, RowChange};
use crate::policy::governance::{Content, Kind, Object, ObjectKey};

fn capability(name: &str, tenant: &str) -> Change {
    Change::Register(written(
        Kind::Capability,
        &format!("{{name: {name}, risk_level: low, tenant: {tenant}}}"),
    ))
}

fn actor(tenant: &str, status: &str) -> Change {
    Change::SetActor {
        written: written(Kind::Actor, &format!("{{actor: a, status: {status}, tenant: {tenant}}}")),
        if_match: None,
    }
}

fn replace(id: &str, tenant: Option<&str>, if_match: Option<IfMatch>) -> Change {
    Change::ReplacePolicy { id: id.into(), written: policy(id, tenant, "DENY"), if_match }
}

#[test]
fn each_change_makes_its_object_and_says_what_it_is() {
    let mut registry = Registry::default();
    let cases = [
        (capability("a.b", "null"), "capability.registered", true, "capability - a.b v1 api"),
        (
            Change::CreatePolicy(policy("pol_1", None, "ALLOW")),
            "policy.created",
            true,
            "policy - pol_1 v1 api",
        ),
        (replace("pol_1", None, Some(IfMatch::Version(1))), "policy.updated", false, "policy - pol_1 v2 api"),
        (replace("pol_1", None, None), "policy.updated", false, "policy - pol_1 v3 api"),
        (Change::Grant(grant("t", "a", "a.b")), "grant.created", true, "grant t a.b a v1 api"),
        (Change::Grant(grant("t", "a", "a.b")), "grant.created", false, "grant t a.b a v2 api"),
        (actor("t", "suspended"), "actor.updated", true, "actor t a v1 api"),
        (actor("t", "active"), "actor.updated", false, "actor t a v2 api"),
        (
            Change::SetKillSwitch { written: written(Kind::KillSwitch, "{active: true}"), if_match: None },
            "kill_switch.updated",
            true,
            "kill_switch -  v1 api",
        ),
    ];
    for (number, (change, event, created, line)) in cases.into_iter().enumerate() {
        let planned = make(&mut registry, change, number as i64);
        assert_eq!((planned.event, planned.created), (event, created), "{line}");
        assert!(holding(&registry).contains(&line.to_owned()), "{line}: {:?}", holding(&registry));
        let object = planned.object.unwrap();
        assert_eq!(registry.objects().find(&object.key).unwrap().stamp, object.stamp, "{line}");
        assert!(object.stamp.id.starts_with(object.key.kind.id_prefix()), "{:?}", object.stamp);
    }
    let policy = registry.policy("pol_1").unwrap();
    assert_eq!((policy.stamp.created_at, policy.stamp.updated_at), (at(1), at(3)));
}

#[test]
fn what_is_there_already_or_is_not_is_refused() {
    let mut registry = Registry::default();
    make(&mut registry, capability("a.b", "null"), 1);
    make(&mut registry, Change::CreatePolicy(policy("pol_1", Some("t"), "ALLOW")), 2);
    let not_found = Refused::NotFound { kind: "policy" };
    let cases = [
        (capability("a.b", "null"), Refused::Exists { kind: "capability", id: "cap_1".into() }),
        (
            Change::CreatePolicy(policy("pol_1", Some("t"), "DENY")),
            Refused::Exists { kind: "policy", id: "pol_1".into() },
        ),
        (replace("pol_2", None, None), not_found.clone()),
        (replace("pol_1", None, None), Refused::OtherTenant),
        (replace("pol_1", Some("t"), Some(IfMatch::Version(2))), Refused::Stale { version: Some(1) }),
    ];
    let before = holding(&registry);
    for (change, refused) in cases {
        assert_eq!(planned(&registry, change, &root(), 3).unwrap_err(), refused);
    }
    // Another tenant's capability of that name is another one.
    make(&mut registry, capability("a.b", "t"), 4);
    assert_eq!(holding(&registry).len(), before.len() + 1);
}

#[test]
fn a_tenants_key_touches_what_is_its_tenants_and_nothing_else() {
    let mut registry = Registry::default();
    for (number, tenant) in ["null", "acme", "other"].into_iter().enumerate() {
        let number = number as i64;
        make(&mut registry, capability(&format!("a.c{number}"), tenant), number);
        let id = format!("pol_{tenant}");
        let named = Some(tenant).filter(|tenant| *tenant != "null");
        make(&mut registry, Change::CreatePolicy(policy(&id, named, "ALLOW")), number);
    }
    make(&mut registry, Change::Grant(grant("other", "a", "a.b")), 5);
    let acme = By::key("k", "acme");
    let forbidden = || Refused::Forbidden { tenant: "acme".into() };
    let kill = |tenant: &str| Change::SetKillSwitch {
        written: written(Kind::KillSwitch, &format!("{{active: true, tenant: {tenant}}}")),
        if_match: None,
    };
    let refused = [
        (capability("a.new", "null"), forbidden()),
        (capability("a.new", "other"), forbidden()),
        // Not even that there is one is told.
        (capability("a.c2", "other"), forbidden()),
        (Change::CreatePolicy(policy("pol_new", None, "ALLOW")), forbidden()),
        (Change::CreatePolicy(policy("pol_new", Some("other"), "ALLOW")), forbidden()),
        (replace("pol_null", None, None), Refused::NotFound { kind: "policy" }),
        (replace("pol_other", Some("other"), None), Refused::NotFound { kind: "policy" }),
        (replace("pol_other", Some("acme"), None), Refused::NotFound { kind: "policy" }),
        (replace("pol_acme", None, None), Refused::OtherTenant),
        (replace("pol_acme", Some("other"), None), Refused::OtherTenant),
        (Change::Grant(grant("other", "a", "a.b")), forbidden()),
        (Change::Grant(grant("default", "a", "a.b")), forbidden()),
        (revoke("other", "a", "a.b"), forbidden()),
        (actor("other", "active"), forbidden()),
        (kill("null"), forbidden()),
        (kill("other"), forbidden()),
    ];
    for (change, expected) in refused {
        let shown = format!("{change:?}");
        assert_eq!(planned(&registry, change, &acme, 9).unwrap_err(), expected, "{shown}");
    }
    for change in [
        capability("a.new", "acme"),
        Change::CreatePolicy(policy("pol_new", Some("acme"), "ALLOW")),
        replace("pol_acme", Some("acme"), None),
        Change::Grant(grant("acme", "a", "a.b")),
        revoke("acme", "a", "a.b"),
        actor("acme", "active"),
        kill("acme"),
    ] {
        let shown = format!("{change:?}");
        assert!(planned(&registry, change, &acme, 9).is_ok(), "{shown}");
    }
}

#[test]
fn a_grant_is_taken_away_once_and_then_there_is_nothing_to_do() {
    let mut registry = Registry::default();
    let given = make(&mut registry, Change::Grant(grant("t", "a", "a.b")), 1);
    assert!(matches!(given.object.unwrap().content, Content::Grant(_)));
    let taken = make(&mut registry, revoke("t", "a", "a.b"), 2);
    assert_eq!(
        (taken.event, taken.rows.len(), &*taken.object.unwrap().stamp.id),
        ("grant.revoked", 1, "grt_1")
    );
    assert!(registry.objects().is_empty());
    let again = make(&mut registry, revoke("t", "a", "a.b"), 3);
    assert!(again.rows.is_empty() && again.object.is_none());
    // One that is given anew is another one.
    let anew = make(&mut registry, Change::Grant(grant("t", "a", "a.b")), 4).object.unwrap();
    assert_eq!((&*anew.stamp.id, anew.stamp.version), ("grt_4", 1));
    assert_eq!(anew.key, ObjectKey::grant("t", "a", "a.b"));
}

#[test]
fn a_tenant_fills_half_and_who_must_be_stopped_can_be_even_then() {
    let mut registry = Registry::default();
    make(&mut registry, Change::Grant(grant("acme", "a", "a.b")), 1);
    let key = ObjectKey::grant("acme", "a", "a.b");
    let one = registry.api.get(&key).unwrap().clone();
    let fill = |registry: &mut Registry, tenant: &str, count: usize| {
        let row = |number: usize| {
            let key = ObjectKey::grant(tenant, &format!("b{number:06}"), "a.b");
            let object = Arc::new(Object { key: key.clone(), ..Object::clone(&one.object) });
            RowChange { key, row: Row::Api(Some(Entry { object, digest: one.digest })) }
        };
        registry.apply((0..count).map(row).collect());
    };
    fill(&mut registry, "acme", MOST_OBJECTS / 2 - 1);
    let grant_of = |tenant: &str| Change::Grant(grant(tenant, "new", "a.b"));
    let full = |most| Refused::Full { most };
    assert_eq!(planned(&registry, grant_of("acme"), &root(), 2).unwrap_err(), full(MOST_OBJECTS / 2));
    // What is there already is replaced, other tenants have their room, and a status is no matter of room.
    assert!(planned(&registry, Change::Grant(grant("acme", "a", "a.b")), &root(), 2).is_ok());
    assert!(planned(&registry, grant_of("other"), &root(), 2).is_ok());
    assert!(planned(&registry, actor("acme", "suspended"), &root(), 2).is_ok());
    fill(&mut registry, "default", MOST_OBJECTS / 2);
    assert_eq!(planned(&registry, grant_of("other"), &root(), 3).unwrap_err(), full(MOST_OBJECTS));
    assert!(planned(&registry, actor("other", "revoked"), &root(), 3).is_ok());
}
