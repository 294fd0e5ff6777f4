//! What `aegis check` warns of: rules that never decide, names twice, conditions that never hold, approvals nobody can come back
//! for.

use serde_json::{Value, json};

use crate::support::golden;
use crate::verbs::folder::Folder;

/// A rules file in which every warning is, among rules that are sound.
const QUESTIONABLE: &str = r#"version: 1
defaults: {approval: block}
rules:
  - name: reads
    match: {type: "read*"}
    approval: auto
  - name: reads_docs
    match: {type: "read_*", target: "/docs/*"}
    approval: block
  - name: large
    match: {type: pay}
    conditions: {param_gt: {amount: 100}}
    approval: block
  - name: larger
    match: {type: pay}
    conditions: {param_gt: {amount: 100}, param_eq: {currency: EUR}}
    approval: approve
  - name: large
    match: {type: refund}
    conditions: {param_gte: {amount: 10}, param_lt: {amount: 10}}
  - match: {type: report}
    conditions: {param_eq: {pages: 3}, param_gte: {pages: 4}}
  - name: sound
    match: {type: pay, target: "contact:*"}
    conditions: {param_gt: {amount: 50}, weekdays: [1, 2]}
    approval: auto
"#;

#[test]
fn every_warning_has_its_place() {
    let folder = Folder::with(&[("policy.yaml", QUESTIONABLE)]);
    let ran = folder.run(&["check", "policy.yaml"]);
    assert_eq!((ran.code, ran.said.as_str()), (0, "policy.yaml: ok (rules, 5 warnings)\n"));
    golden("verbs/check_warnings.txt", &ran.errors);

    let denied = folder.run(&["check", "--deny-warnings", "policy.yaml"]);
    assert_eq!((denied.code, &denied.errors), (1, &ran.errors));
}

#[test]
fn as_json_a_warning_is_a_finding() {
    let folder = Folder::with(&[("policy.yaml", QUESTIONABLE)]);
    let ran = folder.run(&["check", "--json", "policy.yaml"]);
    let said: Value = serde_json::from_str(&ran.said).unwrap();
    assert_eq!((ran.code, said["findings"].as_array().unwrap().len()), (0, 5));
    let first = &said["findings"][0];
    assert_eq!(
        (&first["severity"], &first["line"], &first["path"]),
        (&json!("warning"), &json!(7), &json!("rules[1]"))
    );
}

fn configuration(anonymous: bool, keys: bool) -> String {
    let key = "  keys: [{id: bot, hash: \"sha256:0000000000000000000000000000000000000000000000000000000000000001\"}]\n";
    format!(
        "control:\n  listen: 127.0.0.1:0\n{}routes:\n- {{name: a, match: {{path_prefix: /a}}, protocol: mcp, \
         capability_prefix: a, upstream: {{addresses: [\"127.0.0.1:9\"]}}{}}}\npolicy: {{rules: policy.yaml}}\n",
        if keys { key } else { "" },
        if anonymous { ", anonymous: {id: dev}" } else { "" }
    )
}

#[test]
fn approvals_are_questioned_where_every_caller_is_anonymous() {
    let policy = "rules:\n- {match: {type: a.b}, approval: approve}\n- {match: {type: a.c}, approval: escalate}\n- {match: {type: \
                  a.d}}\n- {match: {type: a.e}, approval: auto}\n";
    for (anonymous, keys, lines) in
        [(true, false, &[2, 3, 4][..]), (true, true, &[]), (false, true, &[]), (false, false, &[])]
    {
        let folder =
            Folder::with(&[("policy.yaml", policy), ("gateway.yaml", &configuration(anonymous, keys))]);
        let ran = folder.run(&["check", "gateway.yaml"]);
        assert_eq!(ran.code, 0, "{}", ran.errors);
        let places: Vec<_> =
            ran.errors.lines().map(|line| line.split(": warning: ").next().unwrap()).collect();
        let found: Vec<u32> =
            places.iter().map(|place| place.split(':').nth(1).unwrap().parse().unwrap()).collect();
        assert_eq!(found, lines, "anonymous {anonymous}, keys {keys}:\n{}", ran.errors);
        assert!(places.iter().all(|place| place.starts_with("./policy.yaml:")), "{}", ran.errors);
    }
}

#[test]
fn a_rule_said_never_to_decide_never_does() {
    let shadowed = Folder::with(&[("policy.yaml", QUESTIONABLE)]);
    let asked = ["simulate", "policy.yaml", "read_file:/docs/a", "--json"];
    let said: Value = serde_json::from_str(&shadowed.run(&asked).said).unwrap();
    assert_eq!(said[0]["matched_rule"], "reads");
}

#[test]
fn lenient_loading_says_what_it_tolerates() {
    let policy = "version: 1\nowner: ops\nrules:\n- {name: a, match: {typ: x}, conditions: {hour: 5}, approval: auto}\n- {name: b, \
                  conditions: {time_after: noon}, approval: auto}\n- {name: c, approval: block}\n";
    let folder = Folder::with(&[("policy.yaml", policy)]);
    assert_eq!(folder.run(&["check", "policy.yaml"]).code, 64);
    let ran = folder.run(&["check", "--lenient", "policy.yaml"]);
    assert_eq!((ran.code, ran.said.as_str()), (0, "policy.yaml: ok (rules, 4 warnings)\n"), "{}", ran.errors);
    golden("verbs/check_lenient.txt", &ran.errors);
    // Told by the other verbs too, which then answer as agent-aegis would.
    for verb in [
        &["simulate", "policy.yaml", "read", "--lenient"][..],
        &["diff", "policy.yaml", "policy.yaml", "--lenient"],
    ] {
        let other = folder.run(verb);
        assert!(other.errors.starts_with(&ran.errors), "{verb:?}: {}", other.errors);
        assert_eq!(other.code, 0, "{verb:?}");
    }
    // What agent-aegis would not load either is still refused.
    folder.write("policy.yaml", "owner: ops\nrules: 5\n");
    let ran = folder.run(&["check", "--lenient", "policy.yaml"]);
    assert_eq!((ran.code, ran.errors.lines().count()), (64, 1), "{}", ran.errors);
}

#[test]
fn a_configuration_is_never_loaded_leniently() {
    let folder = Folder::with(&[
        ("policy.yaml", "rules: [{name: a, match: {typ: x}}]\n"),
        ("gateway.yaml", &configuration(true, false)),
    ]);
    assert_eq!(folder.run(&["check", "--lenient", "gateway.yaml"]).code, 64);
}
