//! What a condition is asked about: one call, and how much work all conditions about it may still make. Imports `model`.

use std::cell::Cell;

use crate::model::call::DecisionRequest;
use crate::model::decision::{RiskLevel, RiskScore};
use crate::model::time::Timestamp;

/// Steps that all conditions about one call may take together, besides [`STEPS_OF_ITS_OWN`]. A step is at most a few dozen
/// nanoseconds: an operator, a member looked for among sixteen, sixty-four bytes of text compared, or sixteen places of a regular
/// expression tried.
pub(super) const STEPS_TOGETHER: u32 = 100_000;

/// Steps that every condition may take whatever others took, so that no call can keep a plain condition from being told.
pub(super) const STEPS_OF_ITS_OWN: u32 = 256;

/// One call as conditions see it. Make one for all conditions that are asked about the call: they share its bound on work.
#[derive(Debug)]
pub struct Scope<'s> {
    pub(super) request: DecisionRequest<'s, 's>,
    pub(super) capability: &'s str,
    pub(super) risk_level: Option<RiskLevel>,
    pub(super) score: RiskScore,
    pub(super) now: Timestamp,
    pub(super) steps_left: Cell<u32>,
}

impl<'s> Scope<'s> {
    /// `capability` is the action's name, `risk_level` that of the registered capability of that name (`None`: there is none), `score`
    /// the call's risk as far as it is known.
    #[must_use]
    pub fn new(
        request: DecisionRequest<'s, 's>,
        capability: &'s str,
        risk_level: Option<RiskLevel>,
        score: RiskScore,
        now: Timestamp,
    ) -> Self {
        Self { request, capability, risk_level, score, now, steps_left: Cell::new(STEPS_TOGETHER) }
    }
}
