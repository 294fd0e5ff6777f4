//! Why a call was decided as it was: the rules in order, with what kept each from deciding.
//!
//! For people who ask, not for the way of a call: every rule is asked, without the index.

use std::sync::Arc;

use crate::model::call::{DecisionRequest, ToolCall};
use crate::model::decision::{Facts, Reason};
use crate::policy::rules::RuleSet;
use crate::policy::rules::condition::{self, Condition, Truth};
use crate::policy::rules::rule_set::Rule;

/// A rule that was asked, and what it came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedRule {
    /// Its place among the rules, from 0.
    pub index: usize,
    /// Its name, as decisions show it.
    pub name: Arc<str>,
    /// What it came to.
    pub step: TraceStep,
}

/// What a rule that was asked came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TraceStep {
    /// It is about other types.
    TypeDiffers,
    /// It is about other targets.
    TargetDiffers,
    /// It is about other callers.
    AgentDiffers,
    /// These conditions of it do not hold, each named by its key and, where it has one, its parameter.
    ConditionsFail(Vec<String>),
    /// It decides.
    Decides,
    /// It cannot be told whether its conditions hold, so the call is denied. The reason is without the argument's value.
    CannotTell(Reason),
}

impl TraceStep {
    /// Whether the search ends here, with this rule.
    #[must_use]
    pub const fn ends(&self) -> bool {
        matches!(self, Self::Decides | Self::CannotTell(_))
    }
}

impl RuleSet {
    /// The rules in order up to the one that [`Self::authorize`] names; all of them where it names none. A call without a
    /// capability name is put to no rule.
    #[must_use]
    pub fn trace(&self, request: DecisionRequest<'_, '_>, facts: Facts<'_>) -> Vec<TracedRule> {
        let mut traced = Vec::new();
        let Some(capability) = request.call.action.capability() else { return traced };
        for (index, rule) in self.rules.iter().enumerate() {
            let step = step(rule, capability, request, facts);
            let ends = step.ends();
            traced.push(TracedRule { index, name: Arc::clone(&rule.name), step });
            if ends {
                break;
            }
        }
        traced
    }
}

fn step(rule: &Rule, capability: &str, request: DecisionRequest<'_, '_>, facts: Facts<'_>) -> TraceStep {
    let resource = request.call.known_resource();
    if !rule.action_type.matches(capability) {
        return TraceStep::TypeDiffers;
    }
    if !resource.is_none_or(|resource| rule.target.matches(resource)) {
        return TraceStep::TargetDiffers;
    }
    if !rule.agent.matches(request.agent()) {
        return TraceStep::AgentDiffers;
    }
    match condition::all(&rule.conditions, request.call, facts) {
        Truth::Fails => TraceStep::ConditionsFail(failing(&rule.conditions, request.call, facts)),
        Truth::Indeterminate(error) => TraceStep::CannotTell(Reason::new(&error)),
        Truth::Holds if resource.is_none() && !rule.target.matches_everything() => {
            TraceStep::CannotTell(Reason::new("the resource cannot be known"))
        }
        Truth::Holds => TraceStep::Decides,
    }
}

fn failing(conditions: &[Condition], call: &ToolCall<'_>, facts: Facts<'_>) -> Vec<String> {
    let fails = |condition: &&Condition| {
        condition::all(std::slice::from_ref(*condition), call, facts) == Truth::Fails
    };
    conditions.iter().filter(fails).map(Condition::label).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::call::{Action, Parameters, Principal, PrincipalKind};
    use crate::model::decision::Authorization;
    use crate::model::document::Document;
    use crate::model::json::Reader;
    use crate::model::time::Timestamp;
    use crate::policy::rules::compile;

    fn rule() -> impl Strategy<Value = String> {
        let types = prop::sample::select(vec!["\"*\"", "read", "\"re*\"", "write", "\"*e\""]);
        let targets = prop::sample::select(vec!["\"*\"", "/docs/a", "\"/docs/*\""]);
        let agents = prop::sample::select(vec!["\"*\"", "ann", "\"b*\""]);
        let conditions = prop::sample::select(vec![
            "{}",
            "{param_gt: {a: 1}}",
            "{param_eq: {a: 1}, time_after: \"09:00\"}",
            "{weekdays: [1, 4]}",
            "{param_contains: {b: x}}",
        ]);
        (types, targets, agents, conditions).prop_map(|(kind, target, agent, conditions)| {
            format!(
                "- {{match: {{type: {kind}, target: {target}, agent: {agent}}}, conditions: {conditions}}}\n"
            )
        })
    }

    proptest! {
        /// The trace ends with the rule that `authorize` names, and nowhere where it names none.
        #[test]
        fn the_trace_ends_where_the_decision_is(
            rules in prop::collection::vec(rule(), 1..8),
            (action, target) in prop::sample::select(vec![("read", "/docs/a"), ("write", "/x"), ("rewrite", "/docs/b")]),
            agent in prop::sample::select(vec!["ann", "bob", "*"]),
            arguments in prop::sample::select(vec!["{}", "{\"a\":1}", "{\"a\":2,\"b\":[\"x\"]}", "{\"a\":\"t\",\"b\":5}"]),
            micros in 0..7 * 86_400_000_000_i64,
        ) {
            let text = format!("rules:\n{}", rules.concat());
            let rules = compile(&Document::parse("rules.yaml", &text).unwrap()).unwrap();
            let principal =
                Principal::new("default", agent, PrincipalKind::AiAgent);
            let call = ToolCall {
                action: Action::Verbatim(action.into()),
                resource: target.into(),
                resource_hidden: false,
                parameters: Parameters::Flat(Reader::default().parse(arguments.as_bytes()).unwrap()),
                description: "".into(),
            };
            let request = DecisionRequest::new(&principal, &call);
            let facts = Facts::at(Timestamp::from_micros(micros));
            let traced = rules.trace(request, facts);
            let end = traced.last().filter(|last| last.step.ends());
            prop_assert!(traced.iter().rev().skip(1).all(|earlier| !earlier.step.ends()));
            prop_assert!(traced.iter().enumerate().all(|(index, rule)| rule.index == index));
            match (rules.authorize(request, facts), end) {
                (Authorization::Applicable { rule, .. }, Some(end)) => {
                    prop_assert_eq!((&rule, &end.step), (&end.name, &TraceStep::Decides));
                }
                (Authorization::Indeterminate { rule, error }, Some(end)) => {
                    prop_assert_eq!((&rule, &end.step), (&end.name, &TraceStep::CannotTell(error)));
                }
                (Authorization::NotApplicable, None) => prop_assert_eq!(traced.len(), rules.len()),
                (authorized, end) => prop_assert!(false, "{:?} and {:?}", authorized, end),
            }
        }
    }
}
