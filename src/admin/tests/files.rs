//! Files beside the API: which goes first, what is read-only, and what a revoked grant of a file outlives.

use std::sync::Arc;

use super::support::*;
use crate::admin::{Change, Refused, Registry};
use crate::policy::governance::Kind;

const GRANTS: &str = "grants: [{actor: a, capability: a.b}, {actor: b, capability: a.b}]\n";

#[test]
fn what_is_in_a_file_is_changed_there_and_says_so() {
    let mut registry = Registry::default();
    let text = "capabilities: [{name: a.b, risk_level: low}]\npolicies: [{name: p, rules: [{capability: a.b, outcome: ALLOW}]}]\n\
        grants: [{actor: a, capability: a.b}]\nactors: [{actor: a, status: active}]\n";
    load(&mut registry, &file("g.yaml", text), 1);
    let id =
        registry.objects().iter().find(|object| object.key.kind == Kind::Policy).unwrap().stamp.id.clone();
    let changes = [
        (Change::Register(written(Kind::Capability, "{name: a.b, risk_level: high}")), "capability"),
        (
            Change::ReplacePolicy { id: id.clone(), written: policy(&id, None, "DENY"), if_match: None },
            "policy",
        ),
        (Change::Grant(grant("default", "a", "a.b")), "grant"),
        (
            Change::SetActor {
                written: written(Kind::Actor, "{actor: a, status: suspended}"),
                if_match: None,
            },
            "actor",
        ),
    ];
    for (change, kind) in changes {
        let refused = planned(&registry, change, &root(), 2).unwrap_err();
        assert_eq!(refused, Refused::FromFile { kind, file: "g.yaml".into() });
        assert!(refused.to_string().contains("g.yaml"), "{refused}");
    }
}

#[test]
fn a_file_goes_before_the_api_and_its_end_brings_the_other_back() {
    let mut registry = Registry::default();
    make(&mut registry, Change::Grant(grant("default", "a", "a.b")), 1);
    load(&mut registry, &file("g.yaml", GRANTS), 2);
    assert_eq!(holding(&registry), ["grant default a.b a v1 g.yaml", "grant default a.b b v1 g.yaml"]);
    let shadowed: Vec<_> = registry.shadowed_lines().collect();
    assert_eq!(shadowed, ["the grant a.b a (grt_1) came by API and is also in g.yaml: the file counts"]);
    load(&mut registry, &[], 3);
    assert_eq!(holding(&registry), ["grant default a.b a v1 api"]);
}

#[test]
fn a_revoked_grant_of_a_file_holds_again_only_when_the_file_says_something_else() {
    let mut registry = Registry::default();
    make(&mut registry, Change::Grant(grant("default", "a", "a.b")), 1);
    load(&mut registry, &file("g.yaml", GRANTS), 2);
    let revoked = make(&mut registry, revoke("default", "a", "a.b"), 3);
    assert_eq!(revoked.rows.len(), 2, "the one that came by API goes too");
    let held = ["grant default a.b b v1 g.yaml"];
    assert_eq!(holding(&registry), held);
    // The same file again, with a comment, in another order, under another name.
    load(&mut registry, &file("g.yaml", &format!("# more\n{GRANTS}")), 4);
    load(
        &mut registry,
        &file(
            "h.yaml",
            "grants: [{actor: b, capability: a.b}, {actor: a, capability: a.b, tenant: default}]\n",
        ),
        5,
    );
    assert_eq!(holding(&registry), ["grant default a.b b v1 h.yaml"]);
    // Neither can it be given by API meanwhile.
    let refused = planned(&registry, Change::Grant(grant("default", "a", "a.b")), &root(), 6).unwrap_err();
    assert_eq!(refused, Refused::FromFile { kind: "grant", file: "h.yaml".into() });
    assert!(make(&mut registry, revoke("default", "a", "a.b"), 6).rows.is_empty());
    let edited = "grants: [{actor: a, capability: a.b, expires_at: \"2030-01-01T00:00:00Z\"}]\n";
    load(&mut registry, &file("h.yaml", edited), 7);
    assert_eq!(holding(&registry), ["grant default a.b a v2 h.yaml"]);
    // Taking the edit back does not take the grant away again.
    load(&mut registry, &file("g.yaml", GRANTS), 8);
    assert_eq!(holding(&registry), ["grant default a.b a v3 g.yaml", "grant default a.b b v1 g.yaml"]);
}

#[test]
fn what_is_taken_out_of_a_file_and_put_in_again_is_not_revoked_any_more() {
    let mut registry = Registry::default();
    load(&mut registry, &file("g.yaml", GRANTS), 1);
    make(&mut registry, revoke("default", "a", "a.b"), 2);
    load(&mut registry, &[], 3);
    load(&mut registry, &file("g.yaml", GRANTS), 4);
    assert_eq!(holding(&registry).len(), 2);
}

#[test]
fn ids_of_objects_of_files_are_made_of_their_keys() {
    let ids = |name: &str| {
        let mut registry = Registry::default();
        load(&mut registry, &file(name, GRANTS), 1);
        registry.objects().iter().map(|object| object.stamp.id.to_string()).collect::<Vec<_>>()
    };
    let first = ids("g.yaml");
    assert_eq!(first, ids("h.yaml"));
    assert!(
        first[0] != first[1] && first.iter().all(|id| id.starts_with("grt_") && id.len() == 30),
        "{first:?}"
    );
}

#[test]
fn the_hash_is_of_what_holds() {
    let base = Arc::from("base");
    let mut registry = Registry::default();
    assert_eq!(registry.hash(&base), base);
    load(&mut registry, &file("g.yaml", GRANTS), 1);
    let whole = registry.hash(&base);
    assert!(whole.len() == 64 && whole != registry.hash(&Arc::from("other")));
    make(&mut registry, revoke("default", "a", "a.b"), 2);
    let revoked = registry.hash(&base);
    assert!(revoked != whole);
    // What a file stands before makes no difference, and neither does the way there.
    let mut other = Registry::default();
    make(&mut other, Change::Grant(grant("default", "b", "a.b")), 1);
    load(&mut other, &file("h.yaml", "grants: [{actor: b, capability: a.b}]\n"), 2);
    assert_eq!(other.hash(&base), revoked);
}
