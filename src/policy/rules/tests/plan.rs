//! Rules over sessions: sequences, windows, and the sum of risk.

use crate::model::decision::{History, Restriction, RiskLevel};
use crate::policy::rules::PlanRules;
use crate::policy::rules::tests::support::rules;

fn plan(rules_text: &str) -> PlanRules {
    rules(&format!("plan_rules: {rules_text}\n")).plan().unwrap().clone()
}

/// The number of the first call that is against the rules, all before it having been let through.
fn stopped(plan: &PlanRules, calls: &[&str]) -> Option<usize> {
    let mut history = History::default();
    for (number, call) in calls.iter().enumerate() {
        let relevant = plan.relevant(&history);
        let found = plan.violation(call, RiskLevel::Low, Some(&relevant));
        assert_eq!(found, plan.violation(call, RiskLevel::Low, Some(&history)), "what is left out counts");
        if found.is_some() {
            return Some(number);
        }
        plan.note(&mut history, call, RiskLevel::Low);
    }
    None
}

#[test]
fn a_sequence_is_completed_by_its_last_step() {
    let exfil = plan("{sequence_patterns: [{name: exfil, steps: ['read_*', 'send_*']}]}");
    let three = plan("{sequence_patterns: [{name: three, steps: [a, b, c]}]}");
    let close = plan("{sequence_patterns: [{name: close, steps: [a, b], window: 3}]}");
    let twice = plan("{sequence_patterns: [{name: twice, steps: [a, a], window: 2}]}");
    for (plan, calls, expected) in [
        (&exfil, &["send_x", "read_y", "list", "send_z"][..], Some(3)),
        (&exfil, &["send_x", "list", "send_z"], None),
        (&three, &["a", "c", "b", "x", "c"], Some(4)),
        (&three, &["b", "a", "c", "c"], None),
        (&close, &["a", "x", "b"], Some(2)),
        (&close, &["a", "x", "x", "b"], None),
        (&close, &["a", "x", "a", "x", "b"], Some(4)),
        (&twice, &["a", "x", "a", "a"], Some(3)),
    ] {
        assert_eq!(stopped(plan, calls), expected, "{calls:?}");
    }
}

#[test]
fn a_sequence_without_a_window_is_never_forgotten() {
    let exfil = plan("{sequence_patterns: [{name: exfil, steps: [read, send]}]}");
    let mut calls = vec!["read"];
    calls.resize(2 * History::STEPS_MAX, "other");
    calls.push("send");
    assert_eq!(stopped(&exfil, &calls), Some(calls.len() - 1));
}

#[test]
fn a_rule_that_is_new_looks_back() {
    let old = plan("{cumulative_risk: {max_total_risk: 99}}");
    let mut history = History::default();
    old.note(&mut history, "read", RiskLevel::Low);
    let new = plan("{sequence_patterns: [{name: exfil, steps: [read, send]}]}");
    let relevant = new.relevant(&history);
    assert!(new.violation("send", RiskLevel::Low, Some(&relevant)).is_some());
}

#[test]
fn risk_adds_up() {
    let plan = plan("{cumulative_risk: {max_total_risk: 4, on_exceed: approve}}");
    let mut history = History::default();
    assert_eq!(plan.violation("x", RiskLevel::Critical, None), None);
    plan.note(&mut history, "x", RiskLevel::High);
    assert_eq!(plan.violation("x", RiskLevel::Low, Some(&history)), None);
    let found = plan.violation("x", RiskLevel::Medium, Some(&history)).unwrap();
    assert_eq!((&*found.rule, found.restriction), ("cumulative_risk", Restriction::RequireConfirmation));
    assert_eq!(found.reason.as_str(), "Cumulative risk 5 exceeds threshold 4");
}

#[test]
fn the_strictest_rule_speaks_and_says_what_matched() {
    let plan = plan(
        "{sequence_patterns: [{name: ask, steps: [a, b], approval: approve}, {name: log, steps: [a, b], approval: auto}, \
         {name: stop, steps: ['a*', b], description: No b after a}], cumulative_risk: {max_total_risk: 1, on_exceed: escalate}}",
    );
    let mut history = History::default();
    plan.note(&mut history, "ab", RiskLevel::Low);
    let found = plan.violation("b", RiskLevel::Low, Some(&history)).unwrap();
    assert_eq!((&*found.rule, found.restriction), ("stop", Restriction::Deny));
    assert_eq!(found.reason.as_str(), "No b after a (stop: 'ab' \u{2192} 'b')");
    let found = plan.violation("c", RiskLevel::Low, Some(&history)).unwrap();
    assert_eq!((&*found.rule, found.restriction), ("cumulative_risk", Restriction::Escalate));
}
