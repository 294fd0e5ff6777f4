//! Why a call was decided as it was: the rules in order, with what kept each from deciding.
//!
//! For people who ask, not for the way of a call: every rule is asked, without the index.

use std::sync::Arc;

use crate::model::call::{DecisionRequest, Parameters};
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
    pub fn trace(&self, request: DecisionRequest<'_, '_>, facts: Facts) -> Vec<TracedRule> {
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

fn step(rule: &Rule, capability: &str, request: DecisionRequest<'_, '_>, facts: Facts) -> TraceStep {
    let resource = request.call.known_resource();
    let parameters = &request.call.parameters;
    if !rule.action_type.matches(capability) {
        return TraceStep::TypeDiffers;
    }
    if !resource.is_none_or(|resource| rule.target.matches(resource)) {
        return TraceStep::TargetDiffers;
    }
    if !rule.agent.matches(&request.principal.id) {
        return TraceStep::AgentDiffers;
    }
    match condition::all(&rule.conditions, parameters, facts) {
        Truth::Fails => TraceStep::ConditionsFail(failing(&rule.conditions, parameters, facts)),
        Truth::Indeterminate(error) => TraceStep::CannotTell(Reason::new(&error)),
        Truth::Holds if resource.is_none() && !rule.target.matches_everything() => {
            TraceStep::CannotTell(Reason::new("the resource cannot be known"))
        }
        Truth::Holds => TraceStep::Decides,
    }
}

fn failing(conditions: &[Condition], parameters: &Parameters<'_>, facts: Facts) -> Vec<String> {
    let fails = |condition: &&Condition| {
        condition::all(std::slice::from_ref(*condition), parameters, facts) == Truth::Fails
    };
    conditions.iter().filter(fails).map(Condition::label).collect()
}
