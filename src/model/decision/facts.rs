//! The live numbers a decision may use. They arrive as values, so that a decision can be made again from its record.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::model::decision::{Observed, RiskLevel, SHARED_LIMITS};
use crate::model::time::Timestamp;

/// What is true at the moment of a decision and stands in no policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts<'h> {
    /// The clock, read once for the request.
    pub now: Timestamp,
    /// What was let through before in the call's session; `None` where there is no session.
    pub history: Option<&'h History>,
    /// How many calls of the same caller and capability were let through within the time that the caller's grant limits; `None`
    /// where no grant limits it.
    pub grant_uses: Option<u32>,
    /// How many calls of the capability by callers of the same tenant, whoever they are, were let through within the time of each
    /// limit that they share: the deployment's limit first, then the tenant's, as far as there are any. `None` behind the last.
    pub shared_uses: [Option<u32>; SHARED_LIMITS],
    /// What is known of the caller's conduct; `None` where the risk of calls is not scored.
    pub conduct: Option<Conduct>,
    /// What was observed of the caller; `None` where calls do not pass the gates.
    pub gates: Option<Observed>,
}

/// What is known of a caller's conduct, as far as a risk score needs it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conduct {
    /// Executions of the capability by the caller that were reported: of the last 24 hours, or the last 100, whichever are more.
    pub reports: u32,
    /// Those of them that failed.
    pub failures: u32,
    /// What is unusual about the call.
    pub anomaly: Anomaly,
}

/// What is unusual about a call, for this caller. Nothing is before ten calls of the caller were let through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four features that are weighed one by one")]
pub struct Anomaly {
    /// A capability it never used.
    pub new_capability: bool,
    /// An hour of the day (UTC) it never was active in.
    pub unseen_hour: bool,
    /// A day of the week (UTC) it never was active on.
    pub unseen_weekday: bool,
    /// More than ten times its mean number of calls.
    pub burst: bool,
}

impl Facts<'_> {
    /// What is known of a call that belongs to no session.
    #[must_use]
    pub const fn at(now: Timestamp) -> Self {
        let shared_uses = [None; SHARED_LIMITS];
        Self { now, history: None, grant_uses: None, shared_uses, conduct: None, gates: None }
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
