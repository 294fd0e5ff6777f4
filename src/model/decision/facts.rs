//! The live numbers a decision may use. They arrive as values, so that a decision can be made again from its record.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::model::decision::RiskLevel;
use crate::model::time::Timestamp;

/// What is true at the moment of a decision and stands in no policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts<'h> {
    /// The clock, read once for the request.
    pub now: Timestamp,
    /// What was let through before in the call's session; `None` where there is no session.
    pub history: Option<&'h History>,
}

impl Facts<'_> {
    /// What is known of a call that belongs to no session.
    #[must_use]
    pub const fn at(now: Timestamp) -> Self {
        Self { now, history: None }
    }
}

/// What was let through in one session, as far as rules over sessions need it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The last calls, the latest last; at most [`Self::STEPS_MAX`].
    pub steps: VecDeque<PastStep>,
    /// The risk of all calls, also of those no longer in `steps`.
    pub total_risk: u64,
    /// How far sequences without a window have come: the sequence as written, and the calls that were its first steps.
    pub reached: Vec<(Arc<str>, Vec<Arc<str>>)>,
}

/// A call that was let through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastStep {
    /// What it did: its capability or action type.
    pub action: Arc<str>,
    /// Its risk.
    pub risk: RiskLevel,
}

impl History {
    /// Most calls that are kept.
    pub const STEPS_MAX: usize = 256;
}
