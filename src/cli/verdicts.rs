//! The reports of `aegis test` for people and for programs.

use std::fmt::Write;

use anyhow::Result;
use serde_json::{Value, json};

use crate::app::Question;
use crate::cli::output::plain;
use crate::cli::test::{Verdict, Verdicts};

/// The cases that failed, the rules that were not reached, and how many there are of each.
pub(super) fn text(verdicts: &Verdicts) -> String {
    let mut text = String::new();
    for verdict in verdicts.list.iter().filter(|verdict| !verdict.misses.is_empty()) {
        text.push_str(&failure(verdict));
    }
    for (place, rule) in verdicts.unreached.iter().flatten() {
        let _infallible = writeln!(text, "{place}: no case reaches rule \"{}\"", plain(rule));
    }
    let _infallible = writeln!(text, "{}", summary(verdicts));
    text
}

/// One line: how many cases passed, and how many rules were reached.
pub(super) fn summary(verdicts: &Verdicts) -> String {
    let (all, failed) = (verdicts.list.len(), verdicts.failed());
    let cases = match failed {
        0 if all == 1 => "1 case passed".to_owned(),
        0 => format!("{all} cases passed"),
        _ => format!("{failed} of {all} cases failed"),
    };
    match &verdicts.unreached {
        None => cases,
        Some(unreached) => {
            let (rules, percent) = (verdicts.rules, verdicts.percent(unreached.len()));
            format!("{cases}; {} of {rules} rules reached ({percent} %)", rules - unreached.len())
        }
    }
}

/// What was expected, and what came instead.
pub(super) fn failure(verdict: &Verdict) -> String {
    let case = &verdict.case;
    let mut text = format!("{}: FAILED: {}\n", case.place, plain(&case.name));
    let _infallible = writeln!(text, "    {}", action(&case.question));
    for (member, expected, found) in &verdict.misses {
        let (expected, found) = (plain(expected), plain(found));
        let _infallible = writeln!(text, "  - {member}: {expected}\n  + {member}: {found}");
    }
    let _infallible = writeln!(text, "    {}", plain(&verdict.answer.reason));
    text
}

/// An action in a line. Its parameters are left to the file.
pub(super) fn action(question: &Question) -> String {
    let agent = question.agent.as_deref().map(|agent| format!(" by {}", plain(agent))).unwrap_or_default();
    format!("{} on {}{agent}", plain(&question.action_type), plain(&question.target))
}

pub(super) fn json(verdicts: &Verdicts) -> Result<String> {
    let cases: Vec<Value> = verdicts.list.iter().map(case).collect();
    let failed = verdicts.failed();
    let coverage = verdicts.unreached.as_ref().map(|unreached| {
        let rules: Vec<Value> = unreached
            .iter()
            .map(|(place, rule)| json!({"rule": rule, "file": &*place.source, "line": place.line}))
            .collect();
        json!({
            "rules": verdicts.rules,
            "reached": verdicts.rules - unreached.len(),
            "percent": verdicts.percent(unreached.len()),
            "unreached": rules,
        })
    });
    let report = json!({
        "policy": verdicts.policy,
        "file": verdicts.cases,
        "passed": verdicts.list.len() - failed,
        "failed": failed,
        "cases": cases,
        "coverage": coverage,
    });
    Ok(serde_json::to_string_pretty(&report)? + "\n")
}

fn case(verdict: &Verdict) -> Value {
    let case = &verdict.case;
    let expected = &case.expected;
    json!({
        "name": case.name,
        "line": case.place.line,
        "ok": verdict.misses.is_empty(),
        "expected": {
            "approval": expected.outcome.approval_word(),
            "outcome": expected.outcome.as_str(),
            "rule": expected.rule,
            "risk": expected.risk.map(|risk| risk.as_str()),
            "plan_rule": expected.plan_rule,
        },
        "answer": verdict.answer.to_json(),
    })
}
