//! What the tests of the rules engine share: files, callers, calls, and what became of them.

use crate::model::call::{
    Action, CapabilityName, DecisionRequest, Parameters, Principal, PrincipalKind, ToolCall,
};
use crate::model::decision::{Authorization, Facts};
use crate::model::document::Document;
use crate::model::json::Reader;
use crate::model::time::Timestamp;
use crate::policy::rules::{RuleSet, compile};

/// Wednesday 2026-07-15, 13:45:30 UTC.
pub(super) const WEDNESDAY: &str = "2026-07-15T13:45:30Z";

pub(super) fn rules(text: &str) -> RuleSet {
    compile(&Document::parse("rules.yaml", text).unwrap()).unwrap_or_else(|problems| panic!("{problems}"))
}

pub(super) fn problems(text: &str) -> String {
    compile(&Document::parse("rules.yaml", text).unwrap()).map(|_| ()).unwrap_err().to_string()
}

pub(super) fn principal(id: &str) -> Principal {
    Principal::new("default", id, PrincipalKind::AiAgent)
}

pub(super) fn at(time: &str) -> Facts<'static> {
    Facts::at(Timestamp::parse_rfc3339(time).unwrap())
}

pub(super) fn call<'a>(capability: &str, resource: &'a str, arguments: &'a str) -> ToolCall<'a> {
    ToolCall {
        action: Action::Named(CapabilityName::parse(capability).unwrap()),
        resource: resource.into(),
        resource_hidden: false,
        parameters: Parameters::Flat(Reader::default().parse(arguments.as_bytes()).unwrap()),
        description: "".into(),
    }
}

/// The rule that answered, or `None` where none did; `!` stands before one that could not be evaluated.
pub(super) fn answer(rules: &RuleSet, call: &ToolCall<'_>, agent: &str, facts: Facts<'_>) -> Option<String> {
    let principal = principal(agent);
    let request = DecisionRequest::new(&principal, call);
    let found = rules.authorize(request, facts);
    assert_eq!(found, rules.authorize_linear(request, facts), "the index hides a rule");
    let hidden = ToolCall { parameters: Parameters::Unknown { name_resource: true }, ..call.clone() };
    for call in [call, &hidden] {
        let request = DecisionRequest { call, ..request };
        let (found, linear) = (rules.prospect(request, facts), rules.prospect_linear(request, facts));
        assert_eq!(found, linear, "the index hides a rule from the prospect");
    }
    match found {
        Authorization::Applicable { rule, .. } => Some(rule.to_string()),
        Authorization::Indeterminate { rule, .. } => Some(format!("!{rule}")),
        Authorization::NotApplicable => None,
    }
}

/// `yes`, `no` or `?` for a rule with these conditions.
pub(super) fn holds(conditions: &str, parameters: Parameters<'_>, time: &str) -> &'static str {
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

/// Checks that the file is told of each of these, by line and by a word.
pub(super) fn is_told(text: &str, expected: &[(usize, &str)]) {
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
