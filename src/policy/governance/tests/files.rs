//! Files of governance objects.

use crate::model::document::Document;
use crate::policy::governance::{Kind, ObjectKey, read_file};

fn read(text: &str) -> Result<Vec<ObjectKey>, String> {
    let document = Document::parse("governance.yaml", text).unwrap();
    let written = read_file(&document).map_err(|problems| problems.to_string())?;
    Ok(written.into_iter().map(|written| written.key).collect())
}

#[test]
fn a_file_holds_objects_of_every_kind() {
    let keys = read(
        "capabilities: [{name: files.read, risk_level: low}]\n\
         policies: [{name: p, rules: [{capability: '*', outcome: DENY}]}, {name: p, tenant: beta, rules: [{capability: a.b, outcome: ALLOW}]}]\n\
         grants: [{actor: bot, capability: files.read}]\n\
         actors: [{actor: bot, status: active, tenant: beta}]\n",
    )
    .unwrap();
    let kinds: Vec<Kind> = keys.iter().map(|key| key.kind).collect();
    assert_eq!(kinds, [Kind::Capability, Kind::Policy, Kind::Policy, Kind::Grant, Kind::Actor]);
    assert_eq!(keys[3], ObjectKey::grant("default", "bot", "files.read"));
    assert_eq!(keys[4].tenant.as_deref(), Some("beta"));
    // Ids are made of tenant and name, and stay what they are.
    assert_eq!(&*keys[1].name, "pol_jt226at5tkkjvca6kbn5pr5rjr");
    assert_ne!(keys[1].name, keys[2].name);
    assert_eq!(read("").unwrap(), []);
    assert_eq!(read("policies: []\n").unwrap(), []);
}

#[test]
fn two_objects_of_one_key_are_a_mistake() {
    let shown = read(
        "policies:\n- {name: p, rules: [{capability: '*', outcome: DENY}]}\n- {name: p, rules: [{capability: a.b, outcome: ALLOW}]}\n\
         grants:\n- {actor: bot, capability: a.b}\n- {actor: bot, capability: a.b, tenant: default}\n",
    )
    .unwrap_err();
    assert!(shown.contains("governance.yaml:3:3: policies[1]: the same policy as in line 2"), "{shown}");
    assert!(shown.contains("governance.yaml:6:3: grants[1]: the same grant as in line 5"), "{shown}");
}

#[test]
fn mistakes_have_their_places() {
    let shown = read(
        "capabilites: []\npolicies:\n- name: p\n  rules:\n  - {capability: a.b, outcome: DENY, condition: 'actor.id == bob'}\n\
         grants:\n- {capability: a.b}\n",
    )
    .unwrap_err();
    for line in [
        "governance.yaml:1:1: capabilites: unknown key; did you mean \"capabilities\"?",
        "policies[0].rules[0].condition: line 1, column 13 of the condition: unknown variable `bob`",
        "governance.yaml:7:3: grants[0]: missing key \"actor\"",
    ] {
        assert!(shown.contains(line), "missing: {line}\n{shown}");
    }
}
