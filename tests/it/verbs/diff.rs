//! `aegis diff`: rules added, removed, changed and moved, and the decisions that change with them.

use serde_json::{Value, json};

use crate::support::golden;
use crate::verbs::folder::Folder;

const OLD: &str = r#"rules:
  - {name: reads, match: {type: "read*"}, approval: auto}
  - {name: writes, match: {type: "write*"}, approval: approve}
  - {name: gone, match: {type: gone}}
  - {name: pays, match: {type: pay}, conditions: {param_gt: {amount: 100}}, approval: block}
  - {match: {type: erase}, approval: block}
"#;

const NEW: &str = r#"defaults: {approval: approve, risk_level: MEDIUM}
rules:
  - {name: writes, match: {type: "write*", target: "/docs/*"}, approval: auto}
  - {name: reads, match: {type: "read*", target: "*"}, approval: auto, risk_level: Medium}
  - {name: pays, match: {type: pay}, conditions: {param_gt: {amount: 50}, weekdays: [1]}, approval: block}
  - {name: fresh, match: {type: fresh}, approval: auto}
  - {match: {type: erase}, approval: block}
"#;

const CASES: &str = r#"cases:
  - {name: reads, action: {type: read}, expect: {approval: auto}}
  - {name: writes, action: {type: write, target: /docs/a}, expect: {approval: auto}}
  - {name: other, action: {type: other}, expect: {approval: block}}
"#;

fn folder() -> Folder {
    Folder::with(&[("old.yaml", OLD), ("new.yaml", NEW), ("cases.yaml", CASES)])
}

#[test]
fn every_kind_of_change_is_told() {
    let ran = folder().run(&["diff", "old.yaml", "new.yaml"]);
    assert_eq!((ran.code, ran.errors.as_str()), (1, ""));
    golden("verbs/diff.txt", &ran.said);
}

#[test]
fn with_cases_the_decisions_count() {
    let folder = folder();
    let ran = folder.run(&["diff", "old.yaml", "new.yaml", "--cases", "cases.yaml"]);
    assert_eq!(ran.code, 1);
    golden("verbs/diff_cases.txt", &ran.said);
    folder.write("same.yaml", &(OLD.to_owned() + "  - {name: more, match: {type: more}, approval: auto}\n"));
    let ran = folder.run(&["diff", "old.yaml", "same.yaml", "--cases", "cases.yaml"]);
    assert_eq!(ran.code, 0, "rules differ, decisions do not: {}", ran.said);
    assert_eq!(ran.said, "same.yaml:7:5: added rule \"more\"\n0 of 3 cases are decided otherwise.\n");
    assert_eq!(folder.run(&["diff", "old.yaml", "same.yaml"]).code, 1);
}

#[test]
fn a_policy_does_not_differ_from_itself() {
    let folder = folder();
    let ran = folder.run(&["diff", "old.yaml", "old.yaml"]);
    assert_eq!((ran.code, ran.said.as_str()), (0, "The rules say the same.\n"));
    // Written otherwise, meant the same.
    folder.write("a.yaml", "rules:\n- {name: a, match: {type: x}, conditions: {}, approval: approve}\n");
    folder.write(
        "b.yaml",
        "version: 1\ndefaults: {approval: block}\nrules:\n- name: a\n  match: {type: x, target: \"*\"}\n",
    );
    assert_eq!(folder.run(&["diff", "a.yaml", "b.yaml"]).code, 0);
}

#[test]
fn as_json_the_changes_are_a_list() {
    let ran = folder().run(&["diff", "old.yaml", "new.yaml", "--cases", "cases.yaml", "--json"]);
    let said: Value = serde_json::from_str(&ran.said).unwrap();
    assert_eq!((ran.code, &said["differs"], &said["cases"]["count"]), (1, &json!(true), &json!(3)));
    let kinds: Vec<_> = said["changes"].as_array().unwrap().iter().map(|change| &change["change"]).collect();
    assert_eq!(kinds, ["changed", "moved", "changed", "changed", "added", "removed"]);
    let turned = &said["cases"]["changed"];
    assert_eq!((&turned[0]["name"], &turned[1]["name"]), (&json!("writes"), &json!("other")));
    assert_eq!(turned[0]["before"]["approval"], "approve");
    assert_eq!(turned[0]["after"]["approval"], "auto");
}
