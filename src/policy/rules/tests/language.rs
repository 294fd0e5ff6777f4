//! The rules engine: which rule matches, what its conditions mean, and what a wrong file is told.

use proptest::prelude::*;

use crate::model::call::{
    Action, Body, CapabilityName, DecisionRequest, Parameters, Principal, PrincipalKind, ToolCall,
};
use crate::model::decision::{Authorization, Facts, Outcome, RiskLevel};
use crate::model::document::Document;
use crate::model::json::{Json, Reader};
use crate::model::time::Timestamp;
use crate::policy::rules::{Defaults, RuleSet, compile};

/// Wednesday 2026-07-15, 13:45:30 UTC.
const WEDNESDAY: &str = "2026-07-15T13:45:30Z";

fn rules(text: &str) -> RuleSet {
    compile(&Document::parse("rules.yaml", text).unwrap()).unwrap_or_else(|problems| panic!("{problems}"))
}

fn problems(text: &str) -> String {
    compile(&Document::parse("rules.yaml", text).unwrap()).map(|_| ()).unwrap_err().to_string()
}

fn principal(id: &str) -> Principal {
    Principal { tenant: "default".into(), id: id.into(), kind: PrincipalKind::AiAgent, key: None }
}

fn at(time: &str) -> Facts<'static> {
    Facts::at(Timestamp::parse_rfc3339(time).unwrap())
}

fn call<'a>(capability: &str, resource: &'a str, arguments: &'a str) -> ToolCall<'a> {
    ToolCall {
        action: Action::Named(CapabilityName::parse(capability).unwrap()),
        resource: resource.into(),
        resource_hidden: false,
        parameters: Parameters::Flat(Reader::default().parse(arguments.as_bytes()).unwrap()),
        description: "".into(),
    }
}

/// The rule that answered, or `None` where none did; `!` stands before one that could not be evaluated.
fn answer(rules: &RuleSet, call: &ToolCall<'_>, agent: &str, facts: Facts<'_>) -> Option<String> {
    let principal = principal(agent);
    let request = DecisionRequest { principal: &principal, call, session: None };
    let found = rules.authorize(request, facts);
    assert_eq!(found, rules.authorize_linear(request, facts), "the index hides a rule");
    match found {
        Authorization::Applicable { rule, .. } => Some(rule.to_string()),
        Authorization::Indeterminate { rule, .. } => Some(format!("!{rule}")),
        Authorization::NotApplicable => None,
    }
}

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
    let request = DecisionRequest { principal: &ann, call: &about, session: None };
    let Authorization::Applicable { outcome, risk, .. } = rules.authorize(request, at(WEDNESDAY)) else {
        panic!()
    };
    // A rule that says nothing asks a person.
    assert_eq!((outcome, risk), (Outcome::RequireConfirmation, RiskLevel::Medium));
    let exact = call("crm.contacts.read", "contact:1", "{}");
    let request = DecisionRequest { principal: &ann, call: &exact, session: None };
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

/// `yes`, `no` or `?` for a rule with these conditions.
fn holds(conditions: &str, parameters: Parameters<'_>, time: &str) -> &'static str {
    let rules = rules(&format!("rules: [{{name: r, conditions: {conditions}, approval: auto}}]\n"));
    let action = Action::Named(CapabilityName::parse("a.b").unwrap());
    match answer(
        &rules,
        &ToolCall {
            action,
            resource: "x".into(),
            resource_hidden: false,
            parameters,
            description: "".into(),
        },
        "ann",
        at(time),
    )
    .as_deref()
    {
        Some("r") => "yes",
        Some(_) => "?",
        None => "no",
    }
}

#[test]
fn conditions_mean_what_python_means() {
    for (conditions, arguments, expected) in [
        ("{param_eq: {a: 1}}", "{\"a\":1.0}", "yes"),
        ("{param_eq: {a: 1}}", "{\"a\":true}", "yes"),
        ("{param_eq: {a: 1}}", "{\"a\":\"1\"}", "no"),
        ("{param_eq: {a: 1}}", "{\"a\":null}", "no"),
        ("{param_eq: {a: 1}}", "{}", "no"),
        ("{param_eq: {a: null}}", "{\"a\":null}", "no"),
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
    let found =
        rules.authorize(DecisionRequest { principal: &ann, call: &text, session: None }, at(WEDNESDAY));
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

/// Checks that the file is told of each of these, by line and by a word.
fn is_told(text: &str, expected: &[(usize, &str)]) {
    let told = problems(text);
    for (line, word) in expected {
        let place = format!("rules.yaml:{line}:");
        assert!(
            told.lines().any(|told| told.starts_with(&place) && told.contains(word)),
            "{place} {word} in:\n{told}"
        );
    }
    assert_eq!(told.lines().count(), expected.len(), "{told}");
}

#[test]
fn every_mistake_is_told_at_once_with_its_place() {
    is_told(
        "version: 1\nrules:\n- name: a\n  match: {typ: x}\n  approval: maybe\n- {conditions: {weekdays: [8], \
         semantic: x}}\nplan_rules: []\n",
        &[
            (4, "typ"),
            (5, "approval"),
            (6, "weekdays"),
            (6, "not in this version"),
            (7, "not in this version"),
        ],
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

proptest! {
    /// The index never hides a rule: asking it and asking every rule give the same answer.
    #[test]
    fn the_index_agrees_with_asking_every_rule(
        globs in prop::collection::vec(r"[ab.*?\[\]!]{0,6}", 0..12),
        capability in "[ab]{1,3}(\\.[ab]{1,3}){1,2}",
    ) {
        let mut text = "rules:\n".to_owned();
        for (number, glob) in globs.iter().enumerate() {
            text.push_str(&format!("- {{name: r{number}, match: {{type: \"{glob}\"}}, approval: auto}}\n"));
        }
        if globs.is_empty() {
            text.push_str("  []\n");
        }
        answer(&rules(&text), &call(&capability, "x", "{}"), "ann", at(WEDNESDAY));
    }
}
