//! `aegis check`: every mistake at once, with its place, and nothing to complain about where there is nothing.

use std::process::Output;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::aegis;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn check(folder: &TempDir, arguments: &[&str]) -> Output {
    aegis().arg("check").args(arguments).current_dir(folder.path()).output().unwrap()
}

const ROUTE: &str = "routes:\n- name: crm\n  match: {path_prefix: /crm}\n  protocol: http\n  capability_prefix: crm\n  \
    operations: []\n  upstream: {addresses: [\"127.0.0.1:9\"]}\n";

/// Files, and the beginnings of all the lines that must be said about them.
#[test]
fn all_mistakes_are_found_at_once() {
    let cases: [(&str, String, &[&str]); 8] = [
        ("unknown keys", "verson: 1\ncontrol: {lisen: x}\n".to_owned(), &[
            "f.yaml:1:1: verson: unknown key; did you mean \"version\"?",
            "f.yaml:2:11: control.lisen: unknown key; did you mean \"listen\"?",
        ]),
        ("values", "stage: testing\naudit: {segment_bytes: 5, reserve_percent: 200}\n".to_owned(), &[
            "f.yaml:1:8: stage: expected dev, staging, prod or unknown",
            "f.yaml:2:",
            "f.yaml:2:",
        ]),
        ("unbuilt", "holds: {webhook: {}}\nexecutor: {kind: http}\npolicy: {cedar: {directory: x}}\n".to_owned(), &[
            "f.yaml:1:9: holds.webhook: not in this version",
            "f.yaml:2:11: executor: kind http sends actions to targets, and there are none",
            "f.yaml:3:18: policy.cedar.directory: ./x cannot be read",
            "f.yaml:3:29: policy.cedar.directory: its policies belong to no engine",
        ]),
        ("routes", ROUTE.replace("http", "htp").replace("127.0.0.1:9", "nowhere") + "  mode: of\n", &[
            "f.yaml:4:13: routes[0].protocol: ",
            "f.yaml:8:9: routes[0].mode: ",
        ]),
        ("twice", format!("{ROUTE}stage: dev\nstage: prod\n"), &["f.yaml:9:1"]),
        ("rules", "version: 1\nruls: []\nrules:\n- {name: a, match: {type: x, typ: y}, approval: maybe}\n- {match: 5, approval: auto}\n".to_owned(), &[
            "f.yaml:2:1: ruls: unknown key; did you mean \"rules\"?",
            "f.yaml:4:30: rules[0].match.typ: unknown key",
            "f.yaml:4:49: rules[0].approval: ",
            "f.yaml:5:11: rules[1].match",
        ]),
        ("a rules default", "version: 1\ndefaults: {approval: yes, risk_levl: low}\nrules: []\n".to_owned(), &[
            "f.yaml:2:22: defaults.approval",
            "f.yaml:2:27: defaults.risk_levl: unknown key; did you mean \"risk_level\"?",
        ]),
        ("no YAML", "a: [1\nb: }\n".to_owned(), &["f.yaml:"]),
    ];
    for (case, text, expected) in cases {
        let folder = folder(&[("f.yaml", &text)]);
        let output = check(&folder, &["f.yaml"]);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(64), "{case}: {errors}");
        let lines: Vec<_> = errors.lines().collect();
        assert_eq!(lines.len(), expected.len(), "{case}:\n{errors}");
        for (line, beginning) in lines.iter().zip(expected) {
            assert!(line.starts_with(beginning), "{case}: {line}\nexpected {beginning}");
        }
    }
}

#[test]
fn rules_are_checked_with_the_configuration_that_names_them() {
    let bad_rules = "version: 1\nrules:\n- {name: a, match: {type: x}, approval: maybe}\n";
    let folder = folder(&[("gateway.yaml", "policy: {rules: rules.yaml}\n"), ("rules.yaml", bad_rules)]);
    let output = check(&folder, &["gateway.yaml"]);
    assert_eq!(output.status.code(), Some(64));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("rules.yaml:3:"), "{errors}");
}

#[test]
fn a_rules_file_that_is_not_there_is_reported_at_the_key_that_names_it() {
    let folder = folder(&[("gateway.yaml", "policy: {rules: none.yaml}\n")]);
    let output = check(&folder, &["gateway.yaml"]);
    assert_eq!(output.status.code(), Some(64));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(
        errors.starts_with("gateway.yaml:1:10: policy.rules: ") && errors.contains("none.yaml"),
        "{errors}"
    );
}

#[test]
fn mistakes_of_the_configuration_and_of_its_rules_are_found_together() {
    let bad_rules = "version: 1\nrules:\n- {name: a, match: {type: x}, approval: maybe}\n";
    let folder =
        folder(&[("gateway.yaml", "stage: tst\npolicy: {rules: rules.yaml}\n"), ("rules.yaml", bad_rules)]);
    let errors = String::from_utf8(check(&folder, &["gateway.yaml"]).stderr).unwrap();
    assert!(errors.contains("gateway.yaml:1:8") && errors.contains("rules.yaml:3:"), "{errors}");
}

#[test]
fn several_files_are_all_checked() {
    let folder = folder(&[("good.yaml", ROUTE), ("bad.yaml", "stag: dev\n"), ("worse.yaml", "rules: 5\n")]);
    let output = check(&folder, &["good.yaml", "bad.yaml", "worse.yaml"]);
    assert_eq!(output.status.code(), Some(64));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "good.yaml: ok (configuration)\n");
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("bad.yaml:1:1") && errors.contains("worse.yaml:1:8"), "{errors}");
}

#[test]
fn json_is_one_object_a_file() {
    let folder = folder(&[("good.yaml", ROUTE), ("bad.yaml", "stag: dev\nstage: x\n")]);
    let output = check(&folder, &["--json", "good.yaml", "bad.yaml"]);
    assert_eq!(output.status.code(), Some(64));
    let said = String::from_utf8(output.stdout).unwrap();
    let said: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(said[0], json!({"file": "good.yaml", "ok": true, "kind": "configuration", "findings": []}));
    assert_eq!((&said[1]["file"], &said[1]["ok"]), (&json!("bad.yaml"), &json!(false)));
    assert_eq!(said[1]["problems"].as_array().unwrap().len(), 2);
    let found = &said[1]["findings"];
    assert_eq!(found.as_array().unwrap().len(), 2);
    assert_eq!(
        found[0],
        json!({"severity": "error", "file": "bad.yaml", "line": 1, "column": 1, "path": "stag", "message": "unknown key",
            "hint": "did you mean \"stage\"?"})
    );
}

#[test]
fn the_environment_is_checked_like_the_file() {
    let folder = folder(&[("gateway.yaml", "version: 1\n")]);
    let checked = |name: &str, value: &str| {
        aegis().args(["check", "gateway.yaml"]).env(name, value).current_dir(folder.path()).output().unwrap()
    };
    assert!(checked("AEGIS_STAGE", "nonsense").status.success(), "one underscore names no key");
    assert!(checked("AEGIS_CONTROL__LISTEN", "127.0.0.1:1").status.success());
    for (name, value) in [("AEGIS_CONTROL__LISTEN", "nowhere"), ("AEGIS_CONTROL__LISEN", "127.0.0.1:1")] {
        let output = checked(name, value);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(64), "{name}");
        assert!(errors.contains(name), "{errors}");
    }
}

#[test]
fn looking_ends_at_a_thousand_mistakes_and_a_start_tells_the_first_hundred() {
    for (count, told, last) in [
        (1000, 1000, "f.yaml:1002:4: rules[999].nam: unknown key; did you mean \"name\"?"),
        (1001, 1002, "more than 1000 mistakes: the rest was not looked at"),
        (9000, 1002, "more than 1000 mistakes: the rest was not looked at"),
    ] {
        let rules = format!("version: 1\nrules:\n{}", "- {nam: a}\n".repeat(count));
        let folder = folder(&[("f.yaml", &rules)]);
        let output = check(&folder, &["f.yaml"]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), said.lines().count()), (Some(64), told), "{count}");
        assert_eq!(said.lines().last(), Some(last), "{count}");
        let served =
            aegis().args(["serve", "f.yaml", "--port", "0"]).current_dir(folder.path()).output().unwrap();
        let said = String::from_utf8(served.stderr).unwrap();
        let more = if count == 1000 { "and 900 more" } else { "and at least 901 more" };
        assert_eq!(said.lines().nth(100), Some(more), "{count}");
    }
    // agent-aegis loads more than it would be told of here.
    let rules = format!("rules:\n{}", "- {nam: a}\n".repeat(2000));
    let folder = folder(&[("f.yaml", &rules)]);
    assert_eq!(check(&folder, &["f.yaml"]).status.code(), Some(64));
    let lenient = check(&folder, &["--lenient", "f.yaml"]);
    assert_eq!(lenient.status.code(), Some(0), "{}", String::from_utf8_lossy(&lenient.stderr));
}
