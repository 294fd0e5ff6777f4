//! Conditions beyond the comparisons: clocks, words, paths into parameters, and regular expressions as Python reads them.

use std::time::{Duration, Instant};

use crate::model::call::{Action, Body, Parameters, ToolCall};
use crate::model::json::{Json, Reader};
use crate::policy::rules::tests::support::{WEDNESDAY, answer, at, holds, is_told, rules};

fn flat(arguments: &str) -> Parameters<'_> {
    Parameters::Flat(Reader::default().parse(arguments.as_bytes()).unwrap())
}

#[test]
fn a_window_may_go_over_midnight() {
    let night = "{time_after: \"18:00\", time_before: \"08:00\"}";
    for (time, expected) in [
        ("2026-07-15T17:59:59Z", "no"),
        ("2026-07-15T18:00:00Z", "yes"),
        ("2026-07-16T00:00:00Z", "yes"),
        ("2026-07-16T07:59:59Z", "yes"),
        ("2026-07-16T08:00:00Z", "no"),
    ] {
        assert_eq!(holds(night, Parameters::none(), time), expected, "{time}");
    }
    // The day is that of the moment, also after midnight: Thursday.
    let wednesday_night = "{time_after: \"18:00\", time_before: \"08:00\", weekdays: [3]}";
    assert_eq!(holds(wednesday_night, Parameters::none(), "2026-07-15T23:00:00Z"), "yes");
    assert_eq!(holds(wednesday_night, Parameters::none(), "2026-07-16T01:00:00Z"), "no");
    // Until midnight.
    let evening = "{time_after: \"18:00\", time_before: \"00:00\"}";
    assert_eq!(holds(evening, Parameters::none(), "2026-07-15T23:59:59Z"), "yes");
    assert_eq!(holds(evening, Parameters::none(), "2026-07-16T00:00:00Z"), "no");
}

#[test]
fn a_zone_has_its_own_clock_and_calendar() {
    for (zone, time, expected) in [
        // Summer and winter.
        ("Europe/Berlin", "2026-07-15T06:59:59Z", "no"),
        ("Europe/Berlin", "2026-07-15T07:00:00Z", "yes"),
        ("europe/berlin", "2026-01-14T07:59:59Z", "no"),
        ("europe/berlin", "2026-01-14T08:00:00Z", "yes"),
        // It is Wednesday there already, or still.
        ("Pacific/Auckland", "2026-07-14T21:00:00Z", "yes"),
        ("Pacific/Auckland", "2026-07-15T21:00:00Z", "no"),
        ("Asia/Kolkata", "2026-07-15T03:30:00Z", "yes"),
        ("UTC", "2026-07-15T09:00:00Z", "yes"),
    ] {
        let conditions = format!("{{time_after: \"09:00\", weekdays: [3], time_zone: {zone}}}");
        assert_eq!(holds(&conditions, Parameters::none(), time), expected, "{zone} at {time}");
    }
}

#[test]
fn a_name_with_dots_is_a_key_or_a_way() {
    for (arguments, expected) in [
        ("{\"a.b\":1}", "yes"),
        ("{\"a\":{\"b\":1}}", "yes"),
        ("{\"a\":{\"b\":2}}", "no"),
        ("{\"a\":{\"b\":null}}", "no"),
        ("{\"a\":null}", "no"),
        ("{\"a\":[{\"b\":1}]}", "no"),
        ("{\"a\":{}}", "no"),
        // Which of them the tool reads cannot be known.
        ("{\"a\":{\"b\":2},\"a.b\":1}", "?"),
    ] {
        assert_eq!(holds("{param_eq: {a.b: 1}}", flat(arguments), WEDNESDAY), expected, "{arguments}");
    }
    let body = Body::Json(Reader::default().parse(br#"{"order":{"amount":5}}"#).unwrap());
    let sections = Parameters::Sections { path: Json::Object(vec![]), query: Json::Object(vec![]), body };
    for name in ["order.amount", "body.order.amount"] {
        assert_eq!(
            holds(&format!("{{param_gt: {{{name}: 4}}}}"), sections.clone(), WEDNESDAY),
            "yes",
            "{name}"
        );
    }
}

#[test]
fn semantic_finds_whole_words() {
    let look = |semantic: &str, action: &str, target: &str, description: &str, arguments: &str| {
        let rules = rules(&format!("rules: [{{conditions: {{semantic: {semantic}}}, approval: block}}]\n"));
        let call = ToolCall {
            action: Action::Verbatim(action.to_owned().into()),
            resource: target.to_owned().into(),
            resource_hidden: false,
            parameters: flat(arguments),
            description: description.to_owned().into(),
        };
        answer(&rules, &call, "ann", at(WEDNESDAY)).is_some()
    };
    for (semantic, action, target, description, arguments, found) in [
        ("destructive", "delete", "x", "", "{}", true),
        ("destructive", "bulk_delete", "x", "", "{}", true),
        ("destructive", "bulkdelete", "x", "", "{}", false),
        ("Destructive", "x", "db-drop-all", "", "{}", true),
        ("destructive", "x", "y", "", "{\"sql\":\"DROP TABLE\"}", true),
        ("destructive", "x", "y", "", "{\"sql\":\"select\"}", false),
        ("destructive", "x", "y", "", "{\"n\":6,\"q\":[\"delete\"]}", false),
        ("wire money", "x", "y", "please WIRE it", "{}", true),
        ("the wire", "x", "the", "", "{}", false),
        ("privileged or money", "x", "root", "", "{}", true),
        ("pii", "x", "y", "", "{\"user_name\":1}", true),
        ("pii", "x", "y", "", "{\"username\":1}", false),
        ("pii", "x", "y", "", "{\"credit_card\":1}", true),
        ("pii", "x", "y", "", "{\"my_credit_card\":1}", false),
        ("financial", "x", "y", "transfer", "{}", true),
        ("data_exposure", "x", "y", "", "{\"a\":\"\u{212a}; transfer\"}", true),
        ("kill", "x", "y", "", "{\"a\":\"\u{212a}ILL\"}", true),
    ] {
        let told = look(semantic, action, target, description, arguments);
        assert_eq!(told, found, "{semantic}: {action} {target} {description} {arguments}");
    }
}

#[test]
fn what_semantic_cannot_read_denies() {
    let opaque = |path: &'static str| Parameters::Sections {
        path: Reader::default().parse(path.as_bytes()).unwrap(),
        query: Json::Object(vec![]),
        body: Body::Opaque { sha256: String::new() },
    };
    assert_eq!(holds("{semantic: destructive}", opaque("{}"), WEDNESDAY), "?");
    assert_eq!(holds("{semantic: destructive}", opaque("{\"id\":\"drop\"}"), WEDNESDAY), "yes");
}

#[test]
fn regular_expressions_are_read_as_python_reads_them() {
    for (pattern, text, expected) in [
        ("^/etc/", "/etc/passwd", "yes"),
        (r"rm\s+-rf", "sudo rm  -rf /", "yes"),
        (r"rm\s+-rf", "rm-rf", "no"),
        // `$` also stands before a last line feed, and only there.
        ("abc$", "abc", "yes"),
        ("abc$", r"abc\n", "yes"),
        ("abc$", r"abc\nx", "no"),
        ("abc$", r"abc\n\n", "no"),
        (r"abc\Z", r"abc\n", "no"),
        (r"abc\Z", "abc", "yes"),
        ("(a|b$)", r"b\n", "yes"),
        ("(?m)a$", r"a\nb", "yes"),
        ("^(safe)?$", "", "yes"),
        (r"a\$b", "a$b", "yes"),
        ("[$]", "$", "yes"),
        ("(?i)DROP", "drop", "yes"),
    ] {
        let (arguments, conditions) =
            (format!("{{\"p\":\"{text}\"}}"), format!("{{param_matches: {{p: '{pattern}'}}}}"));
        assert_eq!(holds(&conditions, flat(&arguments), WEDNESDAY), expected, "{pattern} on {text}");
    }
}

#[test]
fn what_only_python_has_is_told_when_loading() {
    for (pattern, word) in [
        ("^(?!safe)", "look-around"),
        ("(?<=a)b", "look-around"),
        (r"(a)\1", "back-reference"),
        ("a*+", "possessive"),
        ("[[a]b]", "set within a set"),
        ("[a&&b]", "&&"),
        (r"\<a", "reads otherwise"),
        ("a$b", "$"),
        ("(", "regular expression"),
        ("(?>a)", "regular expression"),
    ] {
        is_told(&format!("rules:\n- {{conditions: {{param_matches: {{p: '{pattern}'}}}}}}\n"), &[(2, word)]);
    }
}

#[test]
fn a_hostile_value_costs_microseconds() {
    let hostile = format!("{{\"x\":\"{}!\"}}", "a".repeat(28));
    let parameters = flat(&hostile);
    assert_eq!(holds("{param_matches: {x: \"(a+)+$\"}}", parameters.clone(), WEDNESDAY), "no");
    // In Python this takes seconds. The bound is generous for a busy machine, and still 100 times less.
    let started = Instant::now();
    holds("{param_matches: {x: \"(a+)+$\"}}", parameters, WEDNESDAY);
    assert!(started.elapsed() < Duration::from_millis(200), "{:?}", started.elapsed());
}
