//! The histories of sessions, made again from the records of the decisions that used them.
//!
//! A record has the history its decision saw. What counts besides is the record's own call, where that was let through, so the newest
//! record of a session says all of it. Decisions of one session that were under way together need more care: a call that was
//! approved counts when it is released, which no decision made in between has seen, and records may stand in another order than
//! their decisions were made in.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::config::SessionLimits;
use crate::facts::Sessions;
use crate::facts::table::{Actor, Table};
use crate::model::call::SessionDigest;
use crate::model::decision::{History, PastStep};
use crate::model::time::Timestamp;
use crate::policy::rules::PlanRules;

/// Within this time decisions may have been under way together. One that saw less than an earlier one did, and was made later than
/// that, was made in a session that had begun anew.
const TOGETHER: Duration = Duration::from_secs(10);

/// What the record of a decision says of its session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// The caller's tenant.
    pub tenant: Arc<str>,
    /// The caller.
    pub actor: Arc<str>,
    /// Which session of the caller it is.
    pub session: SessionDigest,
    /// What the decision saw of it.
    pub seen: History,
    /// The call itself, where it was let through.
    pub step: Option<PastStep>,
    /// Whether it was held before: it counts from its release, not from its decision.
    pub held: bool,
    /// When it was decided.
    pub at: Timestamp,
}

/// The histories that records make, in the order of the ledger.
#[derive(Debug)]
pub struct RestoredSessions<'p> {
    limits: SessionLimits,
    plan: &'p PlanRules,
    sessions: HashMap<(Actor, SessionDigest), Restored>,
}

#[derive(Debug)]
struct Restored {
    /// What the record that saw most had seen.
    seen_risk: u64,
    /// When that one was decided.
    seen_at: Timestamp,
    /// The latest decision.
    used: Timestamp,
    history: History,
}

impl<'p> RestoredSessions<'p> {
    /// None so far. Calls count under `plan`, and as many are remembered as `limits` say.
    #[must_use]
    pub fn new(limits: SessionLimits, plan: &'p PlanRules) -> Self {
        Self { limits, plan, sessions: HashMap::new() }
    }

    /// Takes the next record.
    pub fn take(&mut self, record: SessionRecord) {
        let SessionRecord { tenant, actor, session, seen, step, held, at } = record;
        let (seen_risk, plan) = (seen.total_risk, self.plan);
        let count = |history: &mut History, step: Option<PastStep>| {
            step.inspect(|step| plan.note(history, &step.action, step.risk));
        };
        let known = self.sessions.get_mut(&((Arc::clone(&tenant), Arc::clone(&actor)), session));
        match known {
            Some(known) if seen_risk < known.history.total_risk && at <= known.seen_at.after(TOGETHER) => {
                known.used = known.used.max(at);
                // Whoever saw more has seen a call that counted at once, but perhaps not one that was held.
                if held || seen_risk >= known.seen_risk {
                    count(&mut known.history, step);
                }
            }
            Some(known) => {
                let used = known.used.max(at);
                *known = Restored { seen_risk, seen_at: at, used, history: seen };
                count(&mut known.history, step);
            }
            None => {
                let mut restored = Restored { seen_risk, seen_at: at, used: at, history: seen };
                count(&mut restored.history, step);
                self.sessions.insert(((tenant, actor), session), restored);
                self.forget_surplus();
            }
        }
    }

    /// The sessions, as if they had been in use until now.
    #[must_use]
    pub fn finish(mut self) -> Sessions {
        let mut table = Table::default();
        // Idle longest first, as they came to be remembered.
        for (key, Restored { used, history, .. }) in self.drain().into_iter().rev() {
            table.restore(&self.limits, key, used, history);
        }
        Sessions::remembering(self.limits, table)
    }

    /// Takes out those that would be remembered now, used last first.
    fn drain(&mut self) -> Vec<((Actor, SessionDigest), Restored)> {
        let mut sessions: Vec<_> = self.sessions.drain().collect();
        sessions.sort_unstable_by(|(one, a), (other, b)| (b.used, other).cmp(&(a.used, one)));
        let mut of_actor: HashMap<Actor, usize> = HashMap::new();
        sessions.retain(|((actor, _), _)| {
            let count = of_actor.entry(actor.clone()).or_default();
            *count += 1;
            *count <= self.limits.max_per_actor
        });
        sessions.truncate(self.limits.max);
        sessions
    }

    /// Whoever begins very many sessions fills no memory with them.
    fn forget_surplus(&mut self) {
        if self.sessions.len() > self.limits.max.saturating_mul(2) {
            let kept = self.drain();
            self.sessions.extend(kept);
        }
    }
}
