//! Decisions that depend on what their session did before, and what is remembered of it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::config::SessionLimits;
use crate::decision::PolicySnapshot;
use crate::facts::Decided;
use crate::facts::table::Table;
use crate::model::call::{DecisionRequest, Principal};
use crate::model::decision::{Decision, History, RiskLevel};
use crate::model::time::Timestamp;
use crate::policy::rules::PlanRules;

/// The histories of sessions, in memory. A start makes them again from the records of decisions
/// ([`RestoredSessions`](crate::facts::RestoredSessions)).
#[derive(Debug, Default)]
pub struct Sessions {
    limits: SessionLimits,
    table: Mutex<Table>,
}

/// A call that may be let through later: it counts from then on.
#[derive(Clone, Debug)]
pub struct LaterStep {
    snapshot: Arc<PolicySnapshot>,
    principal: Principal,
    session: String,
    action: String,
    risk: RiskLevel,
}

impl Sessions {
    /// Remembers as much as `limits` say.
    #[must_use]
    pub fn new(limits: SessionLimits) -> Self {
        Self { limits, table: Mutex::default() }
    }

    pub(super) const fn remembering(limits: SessionLimits, table: Table) -> Self {
        Self { limits, table: Mutex::new(table) }
    }

    /// Lets `work` decide `request` with the history of its session; `None` where no rule looks at sessions, or the call belongs to
    /// none ([`follow`]).
    pub(super) fn with_history(
        &self,
        snapshot: &PolicySnapshot,
        request: DecisionRequest<'_, '_>,
        now: Timestamp,
        work: impl FnOnce(Option<&History>) -> (Decided, bool),
    ) -> Decided {
        let (Some(plan), Some(session)) = (snapshot.plan(), request.session) else { return work(None).0 };
        self.with(request.principal, session, now, |history| follow(plan, history, request, work))
    }

    /// Counts a call that was held and is let through now.
    pub fn count_later(&self, step: &LaterStep, now: Timestamp) {
        let Some(plan) = step.snapshot.plan() else { return };
        self.with(&step.principal, &step.session, now, |history| plan.note(history, &step.action, step.risk));
    }

    /// What is remembered of a session.
    pub(super) fn history(&self, principal: &Principal, session: &str, now: Timestamp) -> Option<History> {
        let table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = table.remembered(&self.limits, principal, session, now);
        drop(table);
        shared.map(|shared| shared.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// How many sessions are remembered.
    #[must_use]
    pub fn count(&self) -> usize {
        self.table.lock().unwrap_or_else(PoisonError::into_inner).count()
    }

    fn with<T>(
        &self,
        principal: &Principal,
        session: &str,
        now: Timestamp,
        work: impl FnOnce(&mut History) -> T,
    ) -> T {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = table.history(&self.limits, principal, session, now);
        drop(table);
        work(&mut shared.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Lets `work` decide `request` with what counts of its session's `history`. Where it says that the call goes on at once, the call
/// counts in that history before another of the session is decided, whether or not its execution then succeeds.
pub(super) fn follow(
    plan: &PlanRules,
    history: &mut History,
    request: DecisionRequest<'_, '_>,
    work: impl FnOnce(Option<&History>) -> (Decided, bool),
) -> Decided {
    let relevant = plan.relevant(history);
    let (decided, goes_on) = work(Some(&relevant));
    if let Some(action) = request.call.action.capability().filter(|_| goes_on) {
        plan.note(history, action, decided.decision.risk);
    }
    decided
}

impl LaterStep {
    /// The step that `request` would be; `None` where no rule looks at its session.
    #[must_use]
    pub fn of(
        snapshot: &Arc<PolicySnapshot>,
        request: DecisionRequest<'_, '_>,
        decision: &Decision,
    ) -> Option<Self> {
        snapshot.plan()?;
        Some(Self {
            snapshot: Arc::clone(snapshot),
            principal: request.principal.clone(),
            session: request.session?.to_owned(),
            action: request.call.action.capability()?.to_owned(),
            risk: decision.risk,
        })
    }
}
