//! Requests with the decision that Cedar's command gives, and expressions with their values.

use serde_json::{Value, json};

use crate::policy::cedar::tests::cases::asking::Case;
use crate::policy::cedar::tests::cases::files::{Policies, place, rows, said, text, value};
use crate::policy::cedar::tests::support;
use crate::policy::cedar::{Refusal, WrittenRequest, read, written};

/// The request of a row: in a file, or member by member.
fn request(row: &Value) -> Value {
    if let Some(name) = said(row, "request") {
        return value(name);
    }
    let context = said(row, "context").map_or_else(|| json!({}), value);
    let member = |name: &str| row[name].clone();
    json!({
        "principal": member("principal"),
        "action": member("action"),
        "resource": member("resource"),
        "context": context,
    })
}

fn ids(row: &Value, name: &str) -> Option<Vec<String>> {
    let list = row.get(name)?.as_array().unwrap();
    Some(list.iter().map(|id| id.as_str().unwrap().to_owned()).collect())
}

#[test]
fn requests_are_decided_as_the_command_does() {
    let rows = rows("cases/authorize.json");
    let mut decided = 0;
    for row in &rows {
        let request = request(row);
        let case = Case::of(&request, &value(said(row, "entities").unwrap()), None);
        let expected = said(row, "expected").unwrap();
        if expected == "refused" {
            let context = support::json("{}");
            let asked = written(&WrittenRequest {
                principal: said(&request, "principal").unwrap(),
                action: said(&request, "action").unwrap(),
                resource: said(&request, "resource").unwrap(),
                context: &context,
                now: None,
                entities: &[],
            });
            assert!(case.is_err() && asked.is_err(), "{row}");
            continue;
        }
        let policies = Policies::of(said(row, "policies").unwrap());
        let case = case.unwrap();
        if !policies.templates.is_empty() {
            // A stored template is no policy, and denies, as one that nothing is linked to does.
            let verdict = policies.engines()[0].authorize(&case.asked());
            assert!(matches!(verdict.refusal, Some(Refusal::Degraded { .. })), "{row}");
            assert_eq!((verdict.allowed, expected), (false, "deny"), "{row}");
            continue;
        }
        let (allowed, reasons, errors) = case.answer(&policies);
        assert_eq!(allowed, expected == "allow", "{row}");
        assert!(ids(row, "reasons").is_none_or(|expected| expected == reasons), "{row} {reasons:?}");
        assert_eq!(ids(row, "errors").unwrap_or_default(), Vec::from_iter(errors), "{row}");
        decided += 1;
    }
    assert_eq!((rows.len(), decided), (43, 38));
}

#[test]
fn conditions_hold_as_expressions_do() {
    let rows = rows("cases/evaluate.json");
    for row in &rows {
        let condition = said(row, "condition").unwrap();
        let text = format!("permit(principal, action, resource) when {{ {condition} }};");
        let expected = said(row, "expected").unwrap();
        if expected == "unreadable" {
            assert!(read(&text).is_err(), "{row}");
            continue;
        }
        let request = value(said(row, "request").unwrap());
        let case = Case::of(&request, &value(said(row, "entities").unwrap()), None).unwrap();
        let (allowed, _, errors) = case.answer(&Policies::one(text));
        assert_eq!((allowed, !errors.is_empty()), (expected == "true", expected == "error"), "{row}");
    }
    assert_eq!(rows.len(), 20);
}

#[test]
fn templates_are_refused() {
    for (name, count) in [
        ("cli/sandbox_c/policies.cedar", 1),
        ("cli/sandbox_c/policies_edited.cedar", 1),
        ("examples/tax_preparer/policies.cedar", 1),
    ] {
        let policies = Policies::of(name);
        assert_eq!(policies.templates.len(), count, "{name}");
        for (_, text) in &policies.templates {
            let problem = read(text).unwrap_err().into_list().remove(0);
            assert_eq!(problem.message, "expected a static policy, got a template", "{name}");
            assert!(place(text, &problem).starts_with('?'), "{name}: {problem}");
        }
    }
    assert!(read(&text("cli/tiny_sandboxes/json-check-parse/policy_template.cedar.json")).is_err());
}
