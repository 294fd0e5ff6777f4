//! A decision with what led to it, for people who ask why.

use crate::decision::PolicySnapshot;
use crate::model::call::DecisionRequest;
use crate::model::decision::{Decision, Facts};
use crate::model::time::Timestamp;
use crate::policy::rules::TracedRule;

/// A decision, and the rules it went by.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The decision.
    pub decision: Decision,
    /// The rules in order, up to the one that decided; all of them where none did.
    pub rules: Vec<TracedRule>,
}

impl Explanation {
    /// The place among the rules, from 0, of the one that decided or could not be told; `None` where none did.
    #[must_use]
    pub fn deciding_rule(&self) -> Option<usize> {
        self.rules.last().filter(|last| last.step.ends()).map(|last| last.index)
    }
}

/// How `decision`, which [`crate::decision::decide`] made of `request` at the time `now`, came. Slow beside the decision itself:
/// every rule is asked, without the index.
#[must_use]
pub fn explain(
    snapshot: &PolicySnapshot,
    request: DecisionRequest<'_, '_>,
    now: Timestamp,
    decision: Decision,
) -> Explanation {
    let rules = snapshot.rules().map(|rules| rules.trace(request, Facts::at(now))).unwrap_or_default();
    Explanation { decision, rules }
}
