//! The compiled rules file: asks the indexed rules in order and reports the first that matches.

use std::sync::Arc;

use crate::model::call::{DecisionRequest, ToolCall};
use crate::model::decision::{Authorization, Facts, Outcome, Reason, RiskLevel};
use crate::policy::rules::condition::{self, Condition, Truth};
use crate::policy::rules::glob::Glob;
use crate::policy::rules::index::Index;
use crate::policy::rules::{PlanRules, ShownRule};

/// A compiled rules file.
#[derive(Clone, Debug)]
pub struct RuleSet {
    pub(super) rules: Vec<Rule>,
    pub(super) index: Index,
    pub(super) defaults: Option<Defaults>,
    pub(super) shown: Vec<ShownRule>,
    pub(super) plan: Option<PlanRules>,
}

/// What the file's `defaults` say for calls no rule matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// What to do.
    pub outcome: Outcome,
    /// The risk level shown.
    pub risk: RiskLevel,
}

/// One rule, ready to be asked.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) name: Arc<str>,
    pub(super) action_type: Glob,
    pub(super) target: Glob,
    pub(super) agent: Glob,
    pub(super) conditions: Vec<Condition>,
    pub(super) outcome: Outcome,
    pub(super) risk: RiskLevel,
}

/// What the rules could say of a call whose parameters are not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prospect {
    /// A rule answers whatever the parameters are, and every answer there can be denies.
    Denied,
    /// With some parameters, as far as can be told, a rule would do something else than deny.
    Open,
    /// With some parameters no rule matches; where one does, it denies.
    DeniedOrSilent,
}

/// What a rule is matched with.
#[derive(Clone, Copy)]
struct Subject<'s, 'a> {
    capability: &'s str,
    /// `None`: it is made of parameters that are not known.
    resource: Option<&'s str>,
    agent: &'s str,
    call: &'s ToolCall<'a>,
}

impl RuleSet {
    /// How many rules there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The written `defaults`; `None` when the file leaves them to `policy.default`.
    #[must_use]
    pub const fn defaults(&self) -> Option<Defaults> {
        self.defaults
    }

    /// The rules as they were written, in the order of the file.
    #[must_use]
    pub fn rules(&self) -> &[ShownRule] {
        &self.shown
    }

    /// The rules over sessions, where there are any.
    #[must_use]
    pub const fn plan(&self) -> Option<&PlanRules> {
        self.plan.as_ref()
    }

    /// The answer of the first rule that matches. A call without a capability name matches no rule.
    ///
    /// A rule whose conditions cannot be told ends the search as Indeterminate: to go on would treat "cannot tell" as
    /// "does not match", and a later rule might allow what this one was written to stop.
    #[must_use]
    pub fn authorize(&self, request: DecisionRequest<'_, '_>, facts: Facts<'_>) -> Authorization {
        let Some(subject) = Subject::of(request) else { return Authorization::NotApplicable };
        let candidates = self.index.candidates(subject.texts());
        first_match(candidates.filter_map(|number| self.rules.get(number)), subject, facts)
    }

    /// What the rules could answer, were the parameters of `request` (and the resource made of them) known. The time is.
    ///
    /// INVARIANT: not [`Prospect::Open`] means that [`Self::authorize`] gives `Allow` or asks a person for no parameters at
    /// all. The other way round is not promised: conditions that exclude each other are not seen through.
    #[must_use]
    pub fn prospect(&self, request: DecisionRequest<'_, '_>, facts: Facts<'_>) -> Prospect {
        let Some(subject) = Subject::of(request) else { return Prospect::DeniedOrSilent };
        let candidates = self.index.candidates(subject.texts());
        prospect_of(candidates.filter_map(|number| self.rules.get(number)), subject, facts)
    }

    /// The answer of [`Self::prospect`], found by asking every rule.
    #[cfg(test)]
    pub(super) fn prospect_linear(&self, request: DecisionRequest<'_, '_>, facts: Facts<'_>) -> Prospect {
        let Some(subject) = Subject::of(request) else { return Prospect::DeniedOrSilent };
        prospect_of(self.rules.iter(), subject, facts)
    }

    /// The answer of [`Self::authorize`], found by asking every rule: what the index must agree with.
    #[cfg(test)]
    pub(super) fn authorize_linear(
        &self,
        request: DecisionRequest<'_, '_>,
        facts: Facts<'_>,
    ) -> Authorization {
        let Some(subject) = Subject::of(request) else { return Authorization::NotApplicable };
        first_match(self.rules.iter(), subject, facts)
    }
}

impl<'s, 'a> Subject<'s, 'a> {
    fn of(request: DecisionRequest<'s, 'a>) -> Option<Self> {
        Some(Self {
            capability: request.call.action.capability()?,
            resource: request.call.known_resource(),
            agent: request.agent(),
            call: request.call,
        })
    }

    /// What the index looks rules up by.
    const fn texts(self) -> [Option<&'s str>; 3] {
        [Some(self.capability), self.resource, Some(self.agent)]
    }
}

fn first_match<'r>(
    rules: impl Iterator<Item = &'r Rule>,
    subject: Subject<'_, '_>,
    facts: Facts<'_>,
) -> Authorization {
    for rule in rules {
        match rule.matches(subject, facts) {
            Truth::Fails => {}
            Truth::Holds => {
                let rule_name = Arc::clone(&rule.name);
                let (_, names_it) = rule.action_type.literal_prefix();
                let (outcome, risk) = (rule.outcome, rule.risk);
                return Authorization::Applicable { outcome, rule: rule_name, risk, names_it };
            }
            Truth::Indeterminate(error) => {
                let error = Reason::new(&error);
                return Authorization::Indeterminate { rule: Arc::clone(&rule.name), error };
            }
        }
    }
    Authorization::NotApplicable
}

fn prospect_of<'r>(
    rules: impl Iterator<Item = &'r Rule>,
    subject: Subject<'_, '_>,
    facts: Facts<'_>,
) -> Prospect {
    for rule in rules {
        match rule.matches(subject, facts) {
            Truth::Fails => {}
            // No later rule is ever asked.
            Truth::Holds if rule.outcome == Outcome::Deny => return Prospect::Denied,
            Truth::Holds => return Prospect::Open,
            // It may match, not match, or fail to be told, which denies: only the first could let the call pass.
            Truth::Indeterminate(_) if rule.outcome == Outcome::Deny => {}
            Truth::Indeterminate(_) => return Prospect::Open,
        }
    }
    Prospect::DeniedOrSilent
}

impl Rule {
    /// What the index finds it by.
    pub(super) const fn globs(&self) -> [&Glob; 3] {
        [&self.action_type, &self.target, &self.agent]
    }

    fn matches(&self, subject: Subject<'_, '_>, facts: Facts<'_>) -> Truth {
        let named = self.action_type.matches(subject.capability)
            && subject.resource.is_none_or(|resource| self.target.matches(resource))
            && self.agent.matches(subject.agent);
        if !named {
            return Truth::Fails;
        }
        match condition::all(&self.conditions, subject.call, facts) {
            Truth::Holds if subject.resource.is_none() && !self.target.matches_everything() => {
                Truth::Indeterminate("the resource cannot be known".to_owned())
            }
            truth => truth,
        }
    }
}
