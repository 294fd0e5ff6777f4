//! Files that agent-aegis loads: taken with the meaning they have there, and what is wrong with them told all the same.

use crate::model::document::Document;
use crate::policy::rules::tests::support::{WEDNESDAY, answer, at, call};
use crate::policy::rules::{compile, compile_lenient};

/// How many warnings, and which rule answers a call with `arguments` (`!`: it could not be evaluated).
fn lenient(file: &str, arguments: &str) -> (usize, Option<String>) {
    let document = Document::parse("rules.yaml", file).unwrap();
    let (rules, warnings) =
        compile_lenient(&document).unwrap_or_else(|problems| panic!("{file}: {problems}"));
    if !warnings.is_empty() {
        assert!(compile(&document).is_err(), "strictly taken there is nothing wrong: {warnings:?}");
    }
    (warnings.len(), answer(&rules, &call("a.b", "x", arguments), "ann", at(WEDNESDAY)))
}

#[test]
fn a_condition_means_what_it_means_there() {
    let (never, fails, holds) = (None, Some("!r"), Some("r"));
    for (conditions, arguments, expected) in [
        ("{param_foo: {a: 1}}", "{\"a\":1}", never),
        ("{Param_gt: {a: 1}}", "{\"a\":5}", never),
        ("{param_matches: {a: \"(\"}}", "{\"a\":\"(\"}", never),
        ("{semantic: null}", "{}", never),
        ("{weekdays: []}", "{}", never),
        ("{weekdays: [mon, 0, 8]}", "{}", never),
        ("{weekdays: [mon, 3]}", "{}", holds),
        ("{time_before: \"00:00\"}", "{}", never),
        ("{param_eq: {a: null}}", "{\"a\":null}", never),
        // There the whole request failed: here the rule denies.
        ("{time_after: noon}", "{}", fails),
        ("{time_after: null}", "{}", fails),
        ("{time_after: 1080}", "{}", fails),
        ("{weekdays: 1}", "{}", fails),
        ("{weekdays: \"1234567\"}", "{}", fails),
        ("{param_gt: [a]}", "{\"a\":1}", fails),
        ("{param_gt: {a: 1}}", "{\"a\":\"101\"}", fails),
        ("{semantic: 5}", "{}", fails),
        ("[a]", "{}", fails),
        ("abc", "{}", fails),
        ("[]", "{}", holds),
        // It means something in Python that it cannot mean here.
        ("{param_matches: {a: \"^(?!safe)\"}}", "{\"a\":\"safe1\"}", fails),
        // What certainly fails settles it, as ever.
        ("{param_foo: 1, time_after: noon}", "{}", never),
    ] {
        let file = format!("rules: [{{name: r, conditions: {conditions}, approval: block}}]\n");
        let (_, told) = lenient(&file, arguments);
        assert_eq!(told.as_deref(), expected, "{conditions} on {arguments}");
    }
}

#[test]
fn what_is_ignored_there_is_ignored_and_told() {
    for (file, warnings, rule) in [
        ("", 0, None),
        ("rules: {}\n", 1, None),
        ("rules: 0\n", 1, None),
        ("other: 1\nrules: [{match: {typ: zzz}, enabled: false}]\n", 3, Some("rule_0")),
        ("version: 2.0\nrules: [{name: 5, scope: x}]\n", 3, Some("rule_0")),
        ("plan_rules: {sequence_patterns: [{steps: [a]}], cumulative_risk: {max_total_risk: 0}}\n", 2, None),
    ] {
        let (told, found) = lenient(file, "{}");
        assert_eq!((told, found.as_deref()), (warnings, rule), "{file}");
    }
}

#[test]
fn what_is_refused_there_is_refused() {
    for file in [
        "5\n",
        "rules: 5\n",
        "rules: [null]\n",
        "rules: [{match: null}]\n",
        "rules: [{match: {type: 5}}]\n",
        "rules: [{approval: Auto}]\n",
        "rules: [{approval: null}]\n",
        "rules: [{risk_level: huge}]\n",
        "defaults: x\n",
        "version: \"1.5\"\n",
        "version: null\n",
        "plan_rules: x\n",
    ] {
        let document = Document::parse("rules.yaml", file).unwrap();
        assert!(compile_lenient(&document).is_err(), "{file}");
    }
}

#[test]
fn conditions_are_shown_as_they_were_written() {
    let document =
        Document::parse("rules.yaml", "rules: [{conditions: {param_foo: {a: 1}, weekdays: [mon]}}]\n");
    let (rules, warnings) = compile_lenient(&document.unwrap()).unwrap();
    let shown = &rules.rules()[0].conditions;
    assert_eq!(shown, &serde_json::json!({"param_foo": {"a": 1}, "weekdays": ["mon"]}));
    assert!(warnings.iter().all(|warning| warning.place.line == 1 && warning.path.starts_with("rules[0]")));
}
