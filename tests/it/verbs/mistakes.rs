//! A policy file with ten different mistakes: ten places.

use crate::verbs::folder::Folder;

const TEN: &str = r#"version: one
ruls: []
defaults: {approval: allow, risk_level: medum}
rules:
  - {name: a, match: {typ: "read*"}, approval: auto}
  - {name: b, match: {target: 5}, approval: auto}
  - {name: c, conditions: {time_after: "25:00"}, approval: auto}
  - {name: d, conditions: {param_matches: {x: "(a+"}}, approval: auto}
  - {name: e, conditions: {weekdays: [8]}, approval: auto}
  - {name: f, conditions: {param_equals: {x: 1}}, approval: auto}
"#;

#[test]
fn ten_mistakes_are_ten_places() {
    let folder = Folder::with(&[("policy.yaml", TEN)]);
    let ran = folder.run(&["check", "policy.yaml"]);
    assert_eq!((ran.code, ran.said.as_str()), (64, ""));
    for place in ["1:10", "2:1", "3:22", "3:41", "5:23", "6:31", "7:40", "8:47", "9:39", "10:28"] {
        let place = format!("policy.yaml:{place}: ");
        assert_eq!(
            ran.errors.lines().filter(|line| line.starts_with(&place)).count(),
            1,
            "{place}\n{}",
            ran.errors
        );
    }
    assert_eq!(ran.errors.lines().count(), 10, "{}", ran.errors);
    // Nothing else is done with such a file either, and it is told the same.
    for verb in [&["simulate", "policy.yaml", "read"][..], &["diff", "policy.yaml", "policy.yaml"]] {
        let other = folder.run(verb);
        assert_eq!(other.code, 64, "{verb:?}");
        assert!(other.errors.starts_with(&ran.errors), "{verb:?}: {}", other.errors);
    }
}
