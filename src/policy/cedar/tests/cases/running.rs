//! Files of tests for `cedar run-tests`: the decision, the policies that made it, and how many failed. What the command tells as failing
//! is told as failing here, for the same reason.

use cedar_policy::Schema;
use serde_json::Value;

use crate::policy::cedar::tests::cases::asking::Case;
use crate::policy::cedar::tests::cases::files::{Policies, below, rows, said, text, value};
use crate::policy::cedar::{CedarSchema, read};

/// Schema of ours, and the same as Cedar reads it: only that says which requests there can be.
fn schema(name: &str) -> (CedarSchema, Schema) {
    let text = text(name);
    let theirs = if name.ends_with(".json") {
        Schema::from_json_str(&text).unwrap()
    } else {
        Schema::from_cedarschema_str(&text).unwrap().0
    };
    (CedarSchema::read(&text).unwrap(), theirs)
}

/// What is wrong with a test; nothing, if it passes.
fn wrong(test: &Value, policies: &Policies, schema: &(CedarSchema, Schema)) -> Vec<&'static str> {
    let (Some(request), Some(entities)) = (test.get("request"), test.get("entities")) else {
        return vec!["form"];
    };
    let (expected, count) = match (said(test, "decision"), test["num_errors"].as_u64()) {
        (Some(decision @ ("allow" | "deny")), Some(count)) => (decision == "allow", count),
        _ => return vec!["form"],
    };
    let Ok(case) = Case::of(request, entities, Some(&schema.1)) else { return vec!["request"] };
    let valid = |text: &str| schema.0.validate(&read(text).unwrap()).is_ok_and(|found| found.is_empty());
    if !policies.statics.iter().all(|(_, text)| valid(text)) {
        return vec!["policies"];
    }
    let (allowed, reasons, errors) = case.answer(policies);
    if allowed != expected {
        return vec!["decision"];
    }
    let mut wrong = Vec::new();
    let named: Vec<&str> = test["reason"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    if reasons != named {
        wrong.push("reason");
    }
    if errors.len() as u64 != count {
        wrong.push("errors");
    }
    wrong
}

#[test]
fn tests_pass_and_fail_as_the_command_says() {
    let (mut files, mut passed, mut failed) = (0, 0, 0);
    for row in rows("cases/run.json") {
        let name = said(&row, "tests").unwrap();
        let policies = Policies::of(said(&row, "policies").unwrap());
        for schema_name in row["schemas"].as_array().unwrap() {
            let schema = schema(schema_name.as_str().unwrap());
            let Value::Array(tests) = value(name) else {
                assert_eq!(row["fails"], "form", "{name}");
                continue;
            };
            let mut fails = Vec::new();
            for (at, test) in tests.iter().enumerate() {
                let wrong = wrong(test, &policies, &schema);
                if wrong.is_empty() {
                    passed += 1;
                } else {
                    failed += 1;
                    fails.push(serde_json::json!({ "at": at, "wrong": wrong }));
                }
            }
            assert_eq!(row["fails"], Value::Array(fails), "{name}");
        }
        files += 1;
    }
    assert_eq!((files, passed, failed), (17, 70, 23));
}

/// No file of tests is left out.
#[test]
fn every_file_of_tests_is_run() {
    let run: Vec<String> =
        rows("cases/run.json").iter().map(|row| said(row, "tests").unwrap().to_owned()).collect();
    let all = below("cli", ".json");
    let mut all: Vec<String> =
        all.into_iter().filter(|name| name.rsplit('/').next().unwrap().starts_with("test")).collect();
    all.retain(|name| !run.contains(name));
    assert!(all.is_empty(), "{all:?}");
}
