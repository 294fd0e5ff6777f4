//! What several rules come to. Whatever the order they are asked in, the answer is the same.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::model::decision::{Obligations, Outcome, Reason, Restriction};
use crate::policy::conditions::{Indeterminate, Scope};
use crate::policy::governance::CapabilityPattern;
use crate::policy::governance::ask::index::Candidate;
use crate::policy::governance::ask::{Combine, Matched, PolicyAnswer, PolicyQuestion, Prospect, Untold};

/// What has been found so far.
pub(super) struct Combination<'g> {
    combine: Combine,
    matched: Option<Candidate<'g>>,
    untold: Option<(Restriction, Candidate<'g>, Reason)>,
    accepts_critical: bool,
    obligations: Obligations,
}

/// Which of two rules decides: the greater. What comes last makes it one rule, whichever was asked first.
type Rank<'g> = (bool, u32, Outcome, u32, Reverse<Identity<'g>>);

/// A rule by what people know it by, and what tells two of one name apart.
type Identity<'g> = (&'g str, usize, Option<&'g str>, &'g str);

impl<'g> Combination<'g> {
    pub(super) fn new(combine: Combine) -> Self {
        Self {
            combine,
            matched: None,
            untold: None,
            accepts_critical: false,
            obligations: Obligations::default(),
        }
    }

    /// Asks a rule that is about the call's capability.
    pub(super) fn ask(&mut self, candidate: Candidate<'g>, scope: &Scope<'_>) {
        match holds(candidate, scope) {
            Ok(false) => {}
            Ok(true) => self.matches(candidate),
            Err(Indeterminate(error)) => self.cannot_tell(candidate, error),
        }
    }

    fn matches(&mut self, candidate: Candidate<'g>) {
        let rule = candidate.rule;
        if rule.outcome != Outcome::Deny {
            self.add(&rule.obligations);
        }
        let exactly = matches!(rule.capability, CapabilityPattern::Exactly(_));
        self.accepts_critical |= rule.accepts_critical && exactly && rule.outcome == Outcome::Allow;
        if self.matched.is_none_or(|known| rank(self.combine, known) < rank(self.combine, candidate)) {
            self.matched = Some(candidate);
        }
    }

    fn cannot_tell(&mut self, candidate: Candidate<'g>, error: Reason) {
        self.add(&candidate.rule.obligations);
        let restriction = match candidate.rule.outcome {
            Outcome::Allow => return,
            Outcome::RequireConfirmation => Restriction::RequireConfirmation,
            Outcome::Escalate => Restriction::Escalate,
            Outcome::Deny => Restriction::Deny,
        };
        let is_stricter = |known: &(Restriction, Candidate<'_>, _)| {
            (known.0, rank(self.combine, known.1)) < (restriction, rank(self.combine, candidate))
        };
        if self.untold.as_ref().is_none_or(is_stricter) {
            self.untold = Some((restriction, candidate, error));
        }
    }

    fn add(&mut self, obligations: &Obligations) {
        self.obligations = std::mem::take(&mut self.obligations).and(obligations);
    }

    /// What it comes to.
    pub(super) fn answer(self) -> PolicyAnswer {
        let matched = self.matched.map(|candidate| Matched {
            outcome: candidate.rule.outcome,
            rule: label(candidate),
            source: source(candidate),
            names_it: matches!(candidate.rule.capability, CapabilityPattern::Exactly(_)),
        });
        let untold = self.untold.map(|(restriction, candidate, error)| Untold {
            restriction,
            rule: label(candidate),
            source: source(candidate),
            error,
        });
        PolicyAnswer {
            matched,
            untold,
            accepts_critical: self.accepts_critical,
            obligations: self.obligations,
        }
    }
}

/// What rules could come to for a call whose parameters are not known. A rule that cannot be told may match for some of them and
/// may not for others.
pub(super) fn prospect<'g>(candidates: impl Iterator<Item = Candidate<'g>>, scope: &Scope<'_>) -> Prospect {
    let mut prospect = Prospect::DeniedOrSilent;
    for candidate in candidates {
        let truth = holds(candidate, scope);
        match (candidate.rule.outcome, truth) {
            (_, Ok(false)) | (Outcome::Deny, Err(_)) => {}
            // Nothing overrides it, however rules are combined.
            (Outcome::Deny, Ok(true)) => return Prospect::Denied,
            (_, _) => prospect = Prospect::Open,
        }
    }
    prospect
}

/// A scope for all rules that are asked about one call.
pub(super) fn scope<'q>(question: &PolicyQuestion<'q>) -> Scope<'q> {
    Scope::new(question.request, question.capability, question.risk_level, question.score, question.now)
}

fn holds(candidate: Candidate<'_>, scope: &Scope<'_>) -> Result<bool, Indeterminate> {
    candidate.rule.condition.as_ref().map_or(Ok(true), |condition| condition.evaluate(scope))
}

fn rank(combine: Combine, candidate: Candidate<'_>) -> Rank<'_> {
    let rule = candidate.rule;
    let identity: Identity<'_> = (
        &candidate.policy.name,
        candidate.number,
        candidate.object.key.tenant.as_deref(),
        &candidate.object.key.name,
    );
    let identity = Reverse(identity);
    match combine {
        Combine::DenyOverrides => (rule.outcome == Outcome::Deny, rule.priority, rule.outcome, 0, identity),
        Combine::Strictest => (false, 0, rule.outcome, rule.priority, identity),
    }
}

fn label(candidate: Candidate<'_>) -> Arc<str> {
    format!("{}[{}]", candidate.policy.name, candidate.number).into()
}

fn source(candidate: Candidate<'_>) -> Arc<str> {
    let stamp = &candidate.object.stamp;
    format!("{} v{}", stamp.id, stamp.version).into()
}
