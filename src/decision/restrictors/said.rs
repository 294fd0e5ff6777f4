//! What a restrictor says, with what is told of it.

use std::sync::Arc;

use crate::decision::decide::restrictor_outcome;
use crate::model::decision::{Engine, Finding, Outcome, Reason, ReasonCode, Restricted, Restriction};

/// What a restrictor says of a call.
#[derive(Clone, Debug)]
pub(in crate::decision) struct Said {
    /// Which one.
    pub(in crate::decision) engine: Engine,
    /// What it says.
    pub(in crate::decision) restricted: Restricted,
    /// The code of the decision, should this be what decides.
    pub(in crate::decision) code: ReasonCode,
    /// The rule it names.
    pub(in crate::decision) rule: Option<Arc<str>>,
    /// What the rule is of.
    pub(in crate::decision) source: Option<Arc<str>>,
}

impl Said {
    /// It has nothing against the call.
    pub(in crate::decision) const fn nothing(engine: Engine) -> Self {
        Self {
            engine,
            restricted: Restricted::NotApplicable,
            code: ReasonCode::Indeterminate,
            rule: None,
            source: None,
        }
    }

    /// It denies the call.
    pub(in crate::decision) fn denied(engine: Engine, code: ReasonCode, reason: &str) -> Self {
        let restricted = Restricted::Applicable(Restriction::Deny, Reason::new(reason));
        Self { engine, restricted, code, rule: None, source: None }
    }

    /// It wants people to agree.
    pub(in crate::decision) fn asks(engine: Engine, restriction: Restriction, reason: &str) -> Self {
        let restricted = Restricted::Applicable(restriction, Reason::new(reason));
        Self { engine, restricted, code: ReasonCode::ApprovalRequired, rule: None, source: None }
    }

    /// It could not tell.
    pub(in crate::decision) const fn unclear(engine: Engine, error: Reason) -> Self {
        let restricted = Restricted::Indeterminate(error);
        Self { engine, restricted, code: ReasonCode::Indeterminate, rule: None, source: None }
    }

    /// The same, naming a rule.
    pub(in crate::decision) fn by(self, rule: &Arc<str>) -> Self {
        Self { rule: Some(Arc::clone(rule)), ..self }
    }

    /// The same, whose rule is of this.
    pub(in crate::decision) fn of(self, source: &Arc<str>) -> Self {
        Self { source: Some(Arc::clone(source)), ..self }
    }

    /// What it stands for; `None` where it has nothing against the call.
    pub(in crate::decision) fn outcome(&self) -> Option<Outcome> {
        restrictor_outcome(&self.restricted)
    }

    /// What it tells, where it has something against the call.
    pub(in crate::decision) const fn reason(&self) -> Option<&Reason> {
        match &self.restricted {
            Restricted::Applicable(_, reason) | Restricted::Indeterminate(reason) => Some(reason),
            Restricted::NotApplicable => None,
        }
    }

    /// What it is reported with; nothing where it has nothing against the call.
    pub(in crate::decision) fn finding(&self) -> Option<Finding> {
        let found = Finding::of(self.engine, self.outcome()?);
        let error = match &self.restricted {
            Restricted::Indeterminate(error) => Some(error.clone()),
            _ => None,
        };
        Some(Finding { rule: self.rule.clone(), source: self.source.clone(), error, ..found })
    }
}
