//! The command line: help, usage errors, schemas.

use std::process::Output;

use serde_json::Value;

use crate::support::{aegis, golden};

fn run(arguments: &[&str]) -> Output {
    aegis().args(arguments).output().unwrap()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn help_is_what_it_was() {
    for (name, arguments) in [
        ("help.txt", vec![]),
        ("help_serve.txt", vec!["serve"]),
        ("help_demo.txt", vec!["demo"]),
        ("help_init.txt", vec!["init"]),
        ("help_check.txt", vec!["check"]),
        ("help_simulate.txt", vec!["simulate"]),
        ("help_test.txt", vec!["test"]),
        ("help_diff.txt", vec!["diff"]),
        ("help_evaluate.txt", vec!["evaluate"]),
        ("help_explain.txt", vec!["explain"]),
        ("help_schema.txt", vec!["schema"]),
        ("help_audit.txt", vec!["audit"]),
        ("help_audit_verify.txt", vec!["audit", "verify"]),
        ("help_audit_tail.txt", vec!["audit", "tail"]),
        ("help_audit_list.txt", vec!["audit", "list"]),
        ("help_audit_export.txt", vec!["audit", "export"]),
        ("help_holds.txt", vec!["holds"]),
        ("help_holds_list.txt", vec!["holds", "list"]),
        ("help_holds_show.txt", vec!["holds", "show"]),
        ("help_holds_approve.txt", vec!["holds", "approve"]),
        ("help_holds_reject.txt", vec!["holds", "reject"]),
        ("help_status.txt", vec!["status"]),
        ("help_health.txt", vec!["health"]),
        ("help_snapshots.txt", vec!["snapshots"]),
        ("help_snapshots_list.txt", vec!["snapshots", "list"]),
        ("help_snapshots_show.txt", vec!["snapshots", "show"]),
        ("help_snapshots_rollback.txt", vec!["snapshots", "rollback"]),
        ("help_cedar.txt", vec!["cedar"]),
        ("help_cedar_validate.txt", vec!["cedar", "validate"]),
        ("help_cedar_format.txt", vec!["cedar", "format"]),
        ("help_cedar_simulate.txt", vec!["cedar", "simulate"]),
        ("help_cedar_generate.txt", vec!["cedar", "generate"]),
        ("help_overrides.txt", vec!["overrides"]),
        ("help_overrides_show.txt", vec!["overrides", "show"]),
        ("help_overrides_vote.txt", vec!["overrides", "vote"]),
        ("help_overrides_withdraw.txt", vec!["overrides", "withdraw"]),
        ("help_keys.txt", vec!["keys"]),
        ("help_keys_create.txt", vec!["keys", "create"]),
        ("help_keys_list.txt", vec!["keys", "list"]),
        ("help_keys_rotate.txt", vec!["keys", "rotate"]),
        ("help_keys_revoke.txt", vec!["keys", "revoke"]),
    ] {
        let output = aegis().args(&arguments).arg("--help").output().unwrap();
        assert!(output.status.success(), "{arguments:?}");
        golden(name, &text(output.stdout));
    }
}

#[test]
fn every_verb_of_the_help_has_a_golden_help_of_its_own() {
    let help = text(run(&["--help"]).stdout);
    let verbs =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let verbs: Vec<_> = verbs.filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(
        verbs,
        [
            "serve",
            "demo",
            "init",
            "check",
            "simulate",
            "test",
            "diff",
            "evaluate",
            "explain",
            "cedar",
            "schema",
            "audit",
            "holds",
            "overrides",
            "keys",
            "snapshots",
            "status",
            "health",
            "help"
        ]
    );
}

#[test]
fn the_version_is_that_of_the_package() {
    let output = run(&["--version"]);
    assert!(output.status.success());
    assert_eq!(text(output.stdout), concat!("aegis ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_is_wrong() {
    for (arguments, said) in [
        (vec![], "Usage: aegis"),
        (vec!["serv"], "serve"),
        (vec!["serve"], "--config"),
        (vec!["serve", "policy.yaml", "--config", "a.yaml"], "cannot be used with"),
        (vec!["serve", "policy.yaml", "--host", "0.0.0.0"], "AEGIS_API_KEY"),
        (vec!["serve", "policy.yaml", "--host", "no.such.host.invalid"], "--host"),
        (vec!["serve", "--config"], "--config"),
        (vec!["serve", "--config", "a.yaml", "--lenient"], "--lenient"),
        (vec!["check"], "FILES"),
        (vec!["simulate", "policy.yaml"], "TYPE:TARGET"),
        (vec!["simulate", "policy.yaml", ":/a"], "needs a type"),
        (vec!["simulate", "policy.yaml", "read", "--param", "a"], "NAME=VALUE"),
        (vec!["simulate", "policy.yaml", "read", "--at", "noon"], "2026-07-15T12:00:00Z"),
        (vec!["test", "policy.yaml"], "CASES"),
        (vec!["test", "policy.yaml", "cases.yaml", "--fail-under", "101"], "--fail-under"),
        (vec!["diff", "policy.yaml"], "NEW"),
        (vec!["explain", "request.json"], "--config"),
        (vec!["schema"], "KIND"),
        (vec!["schema", "rules"], "rules"),
        (vec!["audit"], "verify"),
        (vec!["audit", "verify"], "DIRECTORY"),
        (vec!["demo", "--port", "x"], "--port"),
        (vec!["status", "now"], "now"),
        (vec!["holds"], "approve"),
        (vec!["holds", "list", "--state", "held"], "pending"),
        (vec!["holds", "show"], "ID"),
        (vec!["holds", "show", "hld_../../status"], "hld_ and 26"),
        (vec!["holds", "approve", "dec_aaaaaaaaaaaaaaaaaaaaaaaaaa"], "hld_ and 26"),
        (vec!["keys"], "create"),
        (vec!["keys", "create"], "--id"),
        (vec!["keys", "create", "--id", "a", "--actor-type", "human"], "--actor"),
    ] {
        let output = run(&arguments);
        let errors = text(output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        assert!(errors.contains(said), "{arguments:?}: {errors}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_configuration_that_cannot_be_read_ends_with_64_and_its_name() {
    let folder = tempfile::TempDir::new().unwrap();
    std::fs::write(folder.path().join("binary.yaml"), [0xff, 0xfe]).unwrap();
    std::fs::write(folder.path().join("broken.yaml"), "routes: [").unwrap();
    for verb in [&["serve", "--config"][..], &["check"]] {
        for file in ["missing.yaml", "binary.yaml", "broken.yaml", "."] {
            let output = aegis().args(verb).arg(file).current_dir(folder.path()).output().unwrap();
            let errors = text(output.stderr);
            assert_eq!(output.status.code(), Some(64), "{verb:?} {file}: {errors}");
            assert!(errors.contains(file), "{verb:?} {file}: {errors}");
        }
    }
}

#[test]
fn schemas_are_valid_and_refuse_unknown_keys() {
    for kind in ["config", "policy"] {
        let output = run(&["schema", kind]);
        assert!(output.status.success());
        let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(schema["$schema"].is_string(), "{kind}");
        jsonschema::meta::validate(&schema).unwrap_or_else(|error| panic!("{kind}: {error}"));
        let validator = jsonschema::validator_for(&schema).unwrap();
        assert!(!validator.is_valid(&serde_json::json!({"version": 1, "ruls": []})), "{kind}");
    }
}
