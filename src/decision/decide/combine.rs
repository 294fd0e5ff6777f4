//! Combining what the engines say: the most restrictive answer wins, and an engine that fails denies.

use crate::model::decision::{Authorization, Outcome, Restricted};

/// What the engines come to together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Combined {
    /// The outcome.
    pub outcome: Outcome,
    /// Whether any authorizer spoke; if not, `outcome` is the default, or a restriction stricter than it.
    pub authorized: bool,
}

/// Combines answers. Pure, and indifferent to the order of the answers.
///
/// INVARIANT: the result is never milder than any single answer, and `Allow` only comes from an authorizer or the default.
#[must_use]
pub fn combine<'f>(
    authorizers: impl IntoIterator<Item = &'f Authorization>,
    restrictors: impl IntoIterator<Item = &'f Restricted>,
    default: Outcome,
) -> Combined {
    let authorized = authorizers.into_iter().filter_map(authorizer_outcome).max();
    let restricted = restrictors.into_iter().filter_map(restrictor_outcome).max();
    let base = authorized.unwrap_or(default);
    Combined {
        outcome: restricted.map_or(base, |restriction| restriction.max(base)),
        authorized: authorized.is_some(),
    }
}

/// The outcome an authorizer stands for; `None` when it has nothing to say.
pub(in crate::decision) const fn authorizer_outcome(answer: &Authorization) -> Option<Outcome> {
    match answer {
        Authorization::Applicable { outcome, .. } => Some(*outcome),
        Authorization::Indeterminate { .. } => Some(Outcome::Deny),
        Authorization::NotApplicable => None,
    }
}

/// The outcome a restrictor stands for; `None` when it has nothing against the call.
pub(in crate::decision) fn restrictor_outcome(answer: &Restricted) -> Option<Outcome> {
    match answer {
        Restricted::Applicable(restriction, _) => Some((*restriction).into()),
        Restricted::Indeterminate(_) => Some(Outcome::Deny),
        Restricted::NotApplicable => None,
    }
}
