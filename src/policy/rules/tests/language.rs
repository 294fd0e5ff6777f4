//! The rules engine: which rule matches, what its conditions mean, and what a wrong file is told.

use proptest::prelude::*;

use crate::model::call::{Action, Body, CapabilityName, DecisionRequest, Parameters, ToolCall};
use crate::model::decision::{Authorization, Outcome, RiskLevel};
use crate::model::json::{Json, Reader};
use crate::policy::rules::Defaults;
use crate::policy::rules::tests::support::{WEDNESDAY, answer, at, call, holds, is_told, principal, rules};

#[test]
fn the_first_rule_that_matches_decides() {
    let rules = rules(
        "version: 1\nrules:\n\
         - {name: exact, match: {type: crm.contacts.read, target: \"contact:1\"}, approval: block, risk_level: HIGH}\n\
         - {name: bots, match: {type: \"crm.*\", agent: \"bot-*\"}, approval: auto, risk_level: low}\n\
         - {match: {type: \"*.delete\"}, approval: block}\n\
         - {name: null, match: {type: \"files.r?ad_[!x]*\", target: \"/docs/*\"}}\n\
         - {name: last, match: {type: \"crm.contacts.[a-m]*\"}, approval: auto}\n",
    );
    for (capability, resource, agent, expected) in [
        ("crm.contacts.read", "contact:1", "bot-1", Some("exact")),
        ("crm.contacts.read", "contact:2", "bot-1", Some("bots")),
        ("crm.contacts.delete", "contact:2", "ann", Some("rule_2")),
        ("crm.contacts.delete", "contact:2", "bot-1", Some("bots")),
        ("files.read_all", "/docs/a/b", "ann", Some("files.r?ad_[!x]*@/docs/*")),
        ("files.read_x", "/docs/a/b", "ann", None),
        ("files.read_all", "/etc/passwd", "ann", None),
        ("crm.contacts.list", "contact:2", "ann", Some("last")),
        ("crm.contacts.update", "contact:2", "ann", None),
        ("crmx.contacts.list", "contact:2", "bot-1", None),
    ] {
        let found = answer(&rules, &call(capability, resource, "{}"), agent, at(WEDNESDAY));
        assert_eq!(found.as_deref(), expected, "{capability} on {resource} by {agent}");
    }
    let (ann, about) = (principal("ann"), call("files.read_all", "/docs/a", "{}"));
    let request = DecisionRequest::new(&ann, &about);
    let Authorization::Applicable { outcome, risk, .. } = rules.authorize(request, at(WEDNESDAY)) else {
        panic!()
    };
    // A rule that says nothing asks a person.
    assert_eq!((outcome, risk), (Outcome::RequireConfirmation, RiskLevel::Medium));
    let exact = call("crm.contacts.read", "contact:1", "{}");
    let request = DecisionRequest::new(&ann, &exact);
    let Authorization::Applicable { outcome, risk, .. } = rules.authorize(request, at(WEDNESDAY)) else {
        panic!()
    };
    assert_eq!((outcome, risk), (Outcome::Deny, RiskLevel::High));
}

#[test]
fn a_call_without_a_capability_name_matches_no_rule() {
    let rules = rules("version: 1\nrules: [{name: all, approval: auto}]\n");
    let action = Action::Unnamed { tool: "l\u{f6}schen".into(), prefix: "files".into() };
    let call = ToolCall {
        action,
        resource: "files".into(),
        resource_hidden: false,
        parameters: Parameters::none(),
        description: "".into(),
    };
    assert_eq!(answer(&rules, &call, "ann", at(WEDNESDAY)), None);
}

#[test]
fn conditions_mean_what_python_means() {
    for (conditions, arguments, expected) in [
        ("{param_eq: {a: 1}}", "{\"a\":1.0}", "yes"),
        ("{param_eq: {a: 1}}", "{\"a\":true}", "yes"),
        ("{param_eq: {a: 1}}", "{\"a\":\"1\"}", "no"),
        ("{param_eq: {a: 1}}", "{\"a\":null}", "no"),
        ("{param_eq: {a: 1}}", "{}", "no"),
        ("{param_eq: {a: 1, b: 2}}", "{\"a\":1,\"b\":2}", "yes"),
        ("{param_eq: {a: 1, b: 2}}", "{\"a\":1,\"b\":3}", "no"),
        ("{param_gt: {a: 100}}", "{\"a\":100}", "no"),
        ("{param_gte: {a: 100}}", "{\"a\":1e2}", "yes"),
        ("{param_lt: {a: 100}}", "{\"a\":99.999}", "yes"),
        ("{param_lte: {a: 9007199254740992}}", "{\"a\":9007199254740993}", "no"),
        ("{param_gt: {a: 100}}", "{\"a\":\"500\"}", "?"),
        ("{param_gt: {a: b}}", "{\"a\":\"c\"}", "yes"),
        ("{param_gt: {a: 1}}", "{\"a\":[2]}", "?"),
        ("{param_contains: {a: x}}", "{\"a\":\"yxz\"}", "yes"),
        ("{param_contains: {a: x}}", "{\"a\":[\"y\",\"x\"]}", "yes"),
        ("{param_contains: {a: x}}", "{\"a\":{\"x\":1}}", "yes"),
        ("{param_contains: {a: 1}}", "{\"a\":[1.0]}", "yes"),
        ("{param_contains: {a: x}}", "{\"a\":5}", "?"),
        ("{param_matches: {a: \"^prod-\"}}", "{\"a\":\"prod-1\"}", "yes"),
        ("{param_matches: {a: \"^prod-\"}}", "{\"a\":\"x prod-1\"}", "no"),
        ("{param_matches: {a: \"prod-\"}}", "{\"a\":\"x prod-1\"}", "yes"),
        ("{param_matches: {a: \"^True$\"}}", "{\"a\":true}", "yes"),
        ("{param_matches: {a: \"^1.5$\"}}", "{\"a\":1.50}", "yes"),
        ("{param_matches: {a: x}}", "{\"a\":[\"x\"]}", "?"),
        // What certainly fails settles it, whatever else cannot be told.
        ("{param_gt: {a: 1}, param_eq: {b: 1}}", "{\"a\":\"x\",\"b\":2}", "no"),
        ("{param_gt: {a: 1}, param_eq: {b: 1}}", "{\"a\":\"x\",\"b\":1}", "?"),
        ("{}", "{}", "yes"),
    ] {
        let parameters = Parameters::Flat(Reader::default().parse(arguments.as_bytes()).unwrap());
        assert_eq!(holds(conditions, parameters, WEDNESDAY), expected, "{conditions} on {arguments}");
    }
}

#[test]
fn times_are_half_open_and_in_utc() {
    for (conditions, time, expected) in [
        ("{time_after: \"09:00\", time_before: \"17:00\"}", WEDNESDAY, "yes"),
        ("{time_after: \"13:45\"}", WEDNESDAY, "yes"),
        ("{time_after: \"13:46\"}", WEDNESDAY, "no"),
        ("{time_before: \"13:45\"}", WEDNESDAY, "no"),
        ("{time_before: \"13:46\"}", WEDNESDAY, "yes"),
        ("{time_after: \"00:00\"}", "2026-07-15T00:00:00Z", "yes"),
        ("{time_after: \"15:00\"}", "2026-07-15T15:00:00+02:00", "no"),
        ("{weekdays: [3]}", WEDNESDAY, "yes"),
        ("{weekdays: [1, 2, 4, 5, 6, 7]}", WEDNESDAY, "no"),
        ("{weekdays: [7]}", "2026-07-19T23:59:59Z", "yes"),
        ("{weekdays: [1]}", "2026-07-20T00:00:00Z", "yes"),
    ] {
        assert_eq!(holds(conditions, Parameters::none(), time), expected, "{conditions} at {time}");
    }
}

#[test]
fn what_cannot_be_read_ends_the_search() {
    let rules = rules(
        "rules:\n- {name: large, conditions: {param_gt: {amount: 10}}, approval: block}\n\
         - {name: all, approval: auto}\n",
    );
    let (path, query) = (Json::Object(vec![]), Json::Object(vec![]));
    let parameters = Parameters::Sections { path, query, body: Body::Opaque { sha256: String::new() } };
    let action = Action::Named(CapabilityName::parse("a.b").unwrap());
    let opaque =
        ToolCall { action, resource: "x".into(), resource_hidden: false, parameters, description: "".into() };
    assert_eq!(answer(&rules, &opaque, "ann", at(WEDNESDAY)).as_deref(), Some("!large"));
    let text = call("a.b", "x", "{\"amount\":\"secret-value\"}");
    let ann = principal("ann");
    let found = rules.authorize(DecisionRequest::new(&ann, &text), at(WEDNESDAY));
    let Authorization::Indeterminate { error, .. } = found else { panic!("{found:?}") };
    assert!(error.as_str().contains("amount") && !error.as_str().contains("secret-value"), "{error:?}");
}

#[test]
fn defaults_speak_only_where_they_are_written() {
    for (text, expected) in [
        ("version: 1\nrules: []\n", None),
        ("version: \"1\"\n", None),
        ("defaults: {}\n", Some(Defaults { outcome: Outcome::Deny, risk: RiskLevel::Medium })),
        (
            "defaults: {approval: auto, risk_level: Low}\n",
            Some(Defaults { outcome: Outcome::Allow, risk: RiskLevel::Low }),
        ),
        (
            "defaults: {approval: approve}\n",
            Some(Defaults { outcome: Outcome::RequireConfirmation, risk: RiskLevel::Medium }),
        ),
    ] {
        assert_eq!(rules(text).defaults(), expected, "{text}");
    }
}

#[test]
fn every_mistake_is_told_at_once_with_its_place() {
    is_told(
        "version: 1\nrules:\n- name: a\n  match: {typ: x}\n  approval: maybe\n- {conditions: {weekdays: [8], \
         semantic: 5}}\nplan_rules: []\n",
        &[(4, "typ"), (5, "approval"), (6, "weekdays"), (6, "semantic"), (7, "plan_rules")],
    );
    is_told(
        "version: one\nrules:\n- {risk_level: huge}\n- {conditions: {time_after: \"24:00\", param_matches: {p: \"(\"}}}\n",
        &[(1, "version"), (3, "risk_level"), (4, "HH:MM"), (4, "param_matches")],
    );
}

#[test]
fn mistakes_of_both_kinds_are_told_at_once() {
    is_told("rules:\n- {approval: maybe}\n- {risk_level: huge}\n", &[(2, "approval"), (3, "risk_level")]);
}

/// A condition of every kind, some of which hold, some of which fail, and some of which cannot be told.
fn a_condition() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "{}",
        "{time_after: '09:00'}",
        "{time_after: '18:00', time_before: '08:00'}",
        "{time_after: '09:00', time_zone: Asia/Tokyo}",
        "{weekdays: [3, 4]}",
        "{param_eq: {n: 1}}",
        "{param_gt: {n: 1}}",
        "{param_gte: {o.n: 1}}",
        "{param_lt: {n: 1, m: 2}}",
        "{param_lte: {n: 1}, weekdays: [1]}",
        "{param_contains: {n: a}}",
        "{param_matches: {n: '^a$'}}",
        "{semantic: pii a}",
    ])
}

/// Globs that share literal texts and beginnings with each other and with what is asked about.
fn a_glob() -> impl Strategy<Value = String> {
    prop_oneof![Just("*".to_owned()), "[ab.*?\\[\\]!]{0,6}", "[ab]{0,2}\\*?"]
}

/// What denies and what does not: the prospect depends on it.
fn an_approval() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["auto", "block", "approve"])
}

proptest! {
    /// The index never hides a rule: asking it and asking every rule give the same answer, whatever the rules are about.
    #[test]
    fn the_index_agrees_with_asking_every_rule(
        rules_of in prop::collection::vec((a_glob(), a_glob(), a_glob(), a_condition(), an_approval()), 0..12),
        capability in "[ab]{1,3}(\\.[ab]{1,3}){1,2}",
        (resource, agent) in ("[ab]{0,3}", "[ab]{0,3}"),
        arguments in prop::sample::select(vec!["{}", "{\"n\":1}", "{\"n\":\"a\"}", "{\"n\":[2],\"o\":{\"n\":3}}", "{\"m\":true,\"n\":0}"]),
        hour in 0..24,
    ) {
        let mut text = "rules:\n".to_owned();
        for (number, (glob, target, who, conditions, approval)) in rules_of.iter().enumerate() {
            text.push_str(&format!(
                "- {{name: r{number}, match: {{type: \"{glob}\", target: \"{target}\", agent: \"{who}\"}}, \
                 conditions: {conditions}, approval: {approval}}}\n"
            ));
        }
        if rules_of.is_empty() {
            text.push_str("  []\n");
        }
        let time = format!("2026-07-15T{hour:02}:30:00Z");
        answer(&rules(&text), &call(&capability, &resource, arguments), &agent, at(&time));
    }
}
