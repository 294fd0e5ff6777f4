//! A decision with what led to it, for people who ask why.

use crate::decision::{PolicySnapshot, decide};
use crate::model::call::DecisionRequest;
use crate::model::decision::{Decision, Facts};
use crate::policy::rules::TracedRule;

/// A decision, and the rules it went by.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// What [`decide`] says.
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

/// Decides `request` as [`decide`] does, and says how that came. Slower: every rule is asked, without the index.
#[must_use]
pub fn explain(snapshot: &PolicySnapshot, request: DecisionRequest<'_, '_>, facts: Facts) -> Explanation {
    let rules = snapshot.rules.as_ref().map(|rules| rules.trace(request, facts)).unwrap_or_default();
    Explanation { decision: decide(snapshot, request, facts), rules }
}
