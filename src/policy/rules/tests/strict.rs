//! What a wrong file is told: each mistake with its line, all of them at once.

use crate::policy::rules::tests::support::{is_told, rules};

#[test]
fn ten_mistakes_have_ten_places() {
    is_told(
        "version: one\n\
         default: {approval: block}\n\
         rules:\n\
         - match: {typ: x}\n\
         - {name: hours, conditions: {time_after: 1080}}\n\
         - conditions: {time_before: \"25:00\"}\n\
         - conditions: {weekdays: [0]}\n\
         - conditions: {param_matches: {p: \"(?=x)\"}}\n\
         - conditions: {param_gt: [a]}\n\
         - conditions: {param_grater: {a: 1}}\n\
         - approval: maybe\n\
         - risk_level: huge\n",
        &[
            (1, "whole number"),
            (2, "did you mean \"defaults\""),
            (4, "did you mean \"type\""),
            (5, "write \"HH:MM\", in quotes"),
            (6, "HH:MM"),
            (7, "from 1 to 7"),
            (8, "look-around"),
            (9, "expected a mapping"),
            (10, "unknown key"),
            (11, "approval"),
            (12, "risk level"),
        ],
    );
}

#[test]
fn what_could_never_hold_is_a_mistake() {
    for (conditions, word) in [
        ("{weekdays: []}", "no day"),
        ("{param_eq: {a: null}}", "never holds"),
        ("{param_gt: {a: null}}", "number or a text"),
        ("{param_lte: {a: [1]}}", "number or a text"),
        ("{time_before: \"00:00\"}", "never holds"),
        ("{time_after: \"18:00\", time_before: \"18:00\"}", "never holds"),
        ("{time_after: null}", "no value"),
        ("{semantic: null}", "no value"),
        ("{semantic: \"the of\"}", "no word"),
        ("{time_zone: Mars/Base, weekdays: [1]}", "IANA"),
        ("{time_zone: Europe/Berlin}", "says nothing"),
        ("[a]", "expected a mapping"),
    ] {
        is_told(&format!("rules:\n- conditions: {conditions}\n"), &[(2, word)]);
    }
    for (file, word) in [
        ("version: null\n", "no value"),
        ("defaults: {approval: null}\n", "no value"),
        ("rules: [{match: {type: null}}]\n", "no value"),
        ("plan_rules: {sequence_patterns: [{name: a, steps: [x]}]}\n", "two steps"),
        ("plan_rules: {sequence_patterns: [{name: a, steps: [x, y], window: 1}]}\n", "shorter"),
        ("plan_rules: {sequence_patterns: [{name: a, steps: [x, y], window: 300}]}\n", "at most"),
        ("plan_rules: {sequence_patterns: [{name: a, steps: [x, 5]}]}\n", "string"),
        ("plan_rules: {cumulative_risk: {max_total_risk: 0}}\n", "1 or more"),
        ("plan_rules: {cumulative_risk: {max: 5, max_total_risk: 1}}\n", "unknown key"),
    ] {
        is_told(file, &[(1, word)]);
    }
}

#[test]
fn what_is_shown_of_a_rule_is_what_was_written() {
    let rules = rules(
        "version: 99\nscope: team\nscope_id: a\nrules:\n\
         - {name: null, conditions: {param_gt: {n: 1}}}\n- {match: {type: \"a*\", agent: bot}, conditions: null, risk_level: HIGH}\n",
    );
    let shown = rules.rules();
    assert_eq!((&*shown[0].name, &shown[0].written_name), ("*@*", &None));
    assert_eq!(shown[0].conditions, serde_json::json!({"param_gt": {"n": 1}}));
    assert_eq!((&*shown[1].name, shown[1].written_name.as_deref()), ("rule_1", Some("rule_1")));
    assert_eq!((&*shown[1].action_type, &*shown[1].target, &*shown[1].agent), ("a*", "*", "bot"));
    assert_eq!(shown[1].conditions, serde_json::Value::Null);
    assert_eq!(rules.len(), 2);
}
