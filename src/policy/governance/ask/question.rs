//! What policies are asked, and what they answer.

use std::sync::Arc;

use crate::model::call::DecisionRequest;
use crate::model::decision::{Obligations, Outcome, Reason, Restriction, RiskLevel, RiskScore};
use crate::model::time::Timestamp;

/// The question: what do the policies say of this call?
#[derive(Clone, Copy, Debug)]
pub struct PolicyQuestion<'q> {
    /// The call. The tenant of its principal decides whose policies are asked besides the deployment's.
    pub request: DecisionRequest<'q, 'q>,
    /// The name that rules are about: the action's.
    pub capability: &'q str,
    /// The risk level of the registered capability of that name; `None`: there is none.
    pub risk_level: Option<RiskLevel>,
    /// How dangerous the call looks, as far as that is known before policies are asked.
    pub score: RiskScore,
    /// The clock.
    pub now: Timestamp,
    /// Which of several rules that match decides.
    pub combine: Combine,
}

/// Which of several rules that match decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Combine {
    /// A DENY; else the highest priority; of those the most restrictive.
    #[default]
    DenyOverrides,
    /// The most restrictive, whatever the priorities.
    Strictest,
}

/// What the policies say.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyAnswer {
    /// What the rules that truly match come to; `None`: there are none.
    pub matched: Option<Matched>,
    /// The strictest that rules say which could not be told. It only adds: the answer is the stricter of the two. Rules that would
    /// allow the call and could not be told say nothing.
    pub untold: Option<Untold>,
    /// Whether a rule that truly matches, names the capability exactly and allows the call accepts that it is critical.
    pub accepts_critical: bool,
    /// What all rules together ask for that truly match and do not deny, and all that could not be told.
    pub obligations: Obligations,
}

impl PolicyAnswer {
    /// Both together: of each, the stricter; of two that are as strict, this one's rule.
    #[must_use]
    pub(super) fn and(self, other: Self) -> Self {
        let matched = match (self.matched, other.matched) {
            (Some(one), Some(other)) if other.outcome > one.outcome => Some(other),
            (one, other) => one.or(other),
        };
        let untold = match (self.untold, other.untold) {
            (Some(one), Some(other)) if other.restriction > one.restriction => Some(other),
            (one, other) => one.or(other),
        };
        Self {
            matched,
            untold,
            accepts_critical: self.accepts_critical || other.accepts_critical,
            obligations: self.obligations.and(&other.obligations),
        }
    }
}

/// The rule that decides.
#[derive(Clone, Debug, PartialEq)]
pub struct Matched {
    /// What it says.
    pub outcome: Outcome,
    /// Its policy's name and its number, from 0: `spending[2]`.
    pub rule: Arc<str>,
    /// Its policy's id and version: `pol_one v3`.
    pub source: Arc<str>,
    /// Whether it names the capability exactly, not by a pattern.
    pub names_it: bool,
}

/// A rule that could not be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Untold {
    /// What it would say.
    pub restriction: Restriction,
    /// Its policy's name and its number, from 0: `spending[2]`.
    pub rule: Arc<str>,
    /// Its policy's id and version: `pol_one v3`.
    pub source: Arc<str>,
    /// Why it could not be told, without argument values.
    pub error: Reason,
}

/// What the policies could say of a call whose parameters are not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prospect {
    /// They deny it whatever its parameters are.
    Denied,
    /// With some parameters, as far as can be told, they would do something else than deny.
    Open,
    /// With some parameters no rule matches; where one does, it denies. Also: no rule is about it.
    DeniedOrSilent,
}
