//! `aegis simulate`: a decision for each action, nothing executed.

use serde_json::Value;

use crate::support::golden;
use crate::verbs::folder::Folder;

const POLICY: &str = r#"version: 1
defaults: {approval: block, risk_level: high}
rules:
  - {name: night, match: {type: "*"}, conditions: {time_before: "06:00"}, approval: block, risk_level: critical}
  - {name: bots, match: {type: "read*", agent: "bot-*"}, approval: auto, risk_level: low}
  - {name: docs, match: {type: "read*", target: "/docs/*"}, approval: auto, risk_level: low}
  - {name: small, match: {type: pay}, conditions: {param_lte: {amount: 100}, param_eq: {currency: EUR}}, approval: auto}
  - {name: pay, match: {type: pay}, approval: escalate, risk_level: high}
  - {match: {type: write}}
"#;

fn rules(arguments: &[&str]) -> Vec<String> {
    let folder = Folder::with(&[("policy.yaml", POLICY)]);
    let ran = folder
        .run(&[&["simulate", "policy.yaml", "--json", "--at", "2026-07-15T12:00:00Z"], arguments].concat());
    assert_eq!((ran.code, ran.errors.as_str()), (0, ""));
    let said: Value = serde_json::from_str(&ran.said).unwrap();
    said.as_array()
        .unwrap()
        .iter()
        .map(|answer| answer["matched_rule"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_table_for_people_and_json_for_programs() {
    let folder = Folder::with(&[("policy.yaml", POLICY)]);
    let asked = [
        "simulate",
        "policy.yaml",
        "--at",
        "2026-07-15T12:00:00Z",
        "read_file:/docs/a:b",
        "pay",
        "write",
        "x\u{1b}[2J:y",
    ];
    let ran = folder.run(&asked);
    assert_eq!((ran.code, ran.errors.as_str()), (0, ""), "a denial is an answer, not a failure");
    golden("verbs/simulate.txt", &ran.said);
    golden("verbs/simulate.json", &folder.run(&[&asked[..], &["--json"]].concat()).said);
}

#[test]
fn the_target_stands_behind_the_first_colon() {
    assert_eq!(
        rules(&["read:/docs/a", "read:x:/docs/a", "read", "read:"]),
        ["docs", "<default>", "<default>", "<default>"]
    );
}

#[test]
fn agent_time_and_parameters_are_what_is_given() {
    assert_eq!(rules(&["read:/x", "--agent", "bot-1"]), ["bots"]);
    assert_eq!(rules(&["pay", "--param", "amount=100", "--param", "currency=EUR"]), ["small"]);
    assert_eq!(rules(&["pay", "--param", "amount=101", "--param", "currency=EUR"]), ["pay"]);
    let folder = Folder::with(&[("policy.yaml", POLICY)]);
    let ran = folder.run(&["simulate", "policy.yaml", "read:/docs/a", "--at", "2026-07-15T05:59:59Z"]);
    assert!(ran.said.contains("night"), "{}", ran.said);
    // A number in quotes is text, which no bound on numbers can be held against: that denies.
    let text = ["pay", "--at", "2026-07-15T12:00:00Z", "--param", "amount=\"5\"", "--param", "currency=EUR"];
    let ran = folder.run(&[&["simulate", "policy.yaml"][..], &text].concat());
    assert!(ran.said.contains("block") && ran.said.contains("could not be evaluated"), "{}", ran.said);
    for (params, words) in
        [(["n=1", "n=2"], "n is there twice"), (["n=1e400", "m=1"], "beyond what a double")]
    {
        let [one, other] = params;
        let ran = folder.run(&["simulate", "policy.yaml", "pay", "--param", one, "--param", other]);
        assert!(ran.code == 2 && ran.errors.contains(words), "{}", ran.errors);
    }
}

#[test]
fn a_policy_that_is_not_sound_ends_with_64() {
    let folder = Folder::with(&[("policy.yaml", "rules:\n- {approval: maybe}\n")]);
    let ran = folder.run(&["simulate", "policy.yaml", "read"]);
    assert_eq!((ran.code, ran.said.as_str()), (64, ""));
    assert!(ran.errors.starts_with("policy.yaml:2:14: rules[0].approval: "), "{}", ran.errors);
}

#[test]
fn actions_of_one_session_see_those_before() {
    let policy = "defaults: {approval: auto}\nplan_rules:\n  sequence_patterns:\n  - {name: leak, steps: [read_secret, \"send_*\"], \
                  approval: block}\n";
    let folder = Folder::with(&[("policy.yaml", policy)]);
    let asked = ["simulate", "policy.yaml", "read_secret", "send_mail"];
    assert!(!folder.run(&asked).said.contains("block"), "actions by themselves");
    let ran = folder.run(&[&asked[..], &["--session", "--json"]].concat());
    let said: Value = serde_json::from_str(&ran.said).unwrap();
    let told = |index: usize| (said[index]["approval"].as_str().unwrap(), said[index]["plan_rule"].as_str());
    assert_eq!((told(0), told(1)), (("auto", None), ("block", Some("leak"))));
}
