//! Decisions with everything that is known of their callers: the histories of sessions, and the live numbers of grants and
//! conduct.

use std::sync::Arc;

use thiserror::Error;

use crate::decision::{PolicySnapshot, decide};
use crate::facts::{LaterStep, Live, Reservation, Sessions, Who};
use crate::model::call::DecisionRequest;
use crate::model::decision::{Decision, Facts, History, Outcome, RateLimit};
use crate::model::time::Timestamp;
use crate::policy::governance::Content;

/// How often a call is decided again whose grant others used up between its decision and its charge.
const TRIES: usize = 3;

/// What decisions are made with.
#[derive(Debug, Default)]
pub struct Deciding {
    sessions: Sessions,
    live: Arc<Live>,
}

/// A decision, and what it was made with.
#[derive(Debug)]
pub struct Decided {
    /// The decision.
    pub decision: Decision,
    /// For its record: of the session's history, what the decision looked at ([`Facts::history`]); `None` where no rule looks at
    /// sessions, or the call belongs to none.
    pub history: Option<History>,
    /// For its record: the other facts it was made with. Its own history is empty.
    pub facts: Facts<'static>,
    /// What was taken of the caller's grant, where the call goes on at once.
    pub reservation: Option<Reservation>,
}

impl Deciding {
    /// Decides with the histories of `sessions` and the numbers of `live`.
    #[must_use]
    pub const fn new(sessions: Sessions, live: Arc<Live>) -> Self {
        Self { sessions, live }
    }

    /// The histories of sessions.
    #[must_use]
    pub const fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// The live numbers.
    #[must_use]
    pub const fn live(&self) -> &Arc<Live> {
        &self.live
    }

    /// Decides `request`. Where `lets_through` says that the call goes on at once, it counts in its session before another call
    /// of that session is decided, and its charge is taken: should others have used the grant up meanwhile, it is decided again,
    /// and in the end denied.
    pub fn decide(
        &self,
        snapshot: &PolicySnapshot,
        request: DecisionRequest<'_, '_>,
        now: Timestamp,
        lets_through: impl Fn(&Decision) -> bool,
    ) -> Decided {
        let charging = |history: Option<&History>| {
            for _try in 0..TRIES {
                let facts = self.gather(snapshot, request, now);
                let decision = decide(snapshot, request, Facts { history, ..facts });
                let goes_on = decision.outcome != Outcome::Deny && lets_through(&decision);
                let Some(charge) = LaterCharge::of(request, &decision).filter(|_| goes_on) else {
                    return (decision, facts, None);
                };
                if let Ok(taken) = self.take(&charge, now) {
                    return (decision, facts, Some(taken));
                }
            }
            // As used up as it was each time.
            let facts = Facts { grant_uses: Some(u32::MAX), ..self.gather(snapshot, request, now) };
            (decide(snapshot, request, Facts { history, ..facts }), facts, None)
        };
        self.sessions.with_history(snapshot, request, now, |history| {
            let (decision, facts, reservation) = charging(history);
            let counts = lets_through(&decision);
            (Decided { decision, history: history.cloned(), facts, reservation }, counts)
        })
    }

    /// Takes the charge of a call that was held and is let through now.
    ///
    /// # Errors
    /// The grant allows no more calls for now.
    pub fn take(&self, charge: &LaterCharge, now: Timestamp) -> Result<Reservation, GrantExceeded> {
        let LaterCharge { who, rate } = charge;
        self.live.commit(who, *rate, now).map_err(|_| GrantExceeded(*rate))
    }

    /// Counts a call that was held in its session, now that it is let through.
    pub fn count_later(&self, step: &LaterStep, now: Timestamp) {
        self.sessions.count_later(step, now);
    }

    /// The numbers a decision needs; nothing is looked up that no engine asks for.
    pub(super) fn gather(
        &self,
        snapshot: &PolicySnapshot,
        request: DecisionRequest<'_, '_>,
        now: Timestamp,
    ) -> Facts<'static> {
        let mut facts = Facts::at(now);
        if !snapshot.counts_uses() && !snapshot.scores_risk() {
            return facts;
        }
        let (Some(who), Some(capability)) = (who(request), request.call.action.capability()) else {
            return facts;
        };
        let (tenant, actor) = (&*request.principal.tenant, &*request.principal.id);
        if snapshot.counts_uses()
            && let Some(object) = snapshot.governance.grant(tenant, actor, capability)
            && let Content::Grant(grant) = &object.content
            && let Some(limit) = grant.rate_limit
        {
            facts.grant_uses = Some(self.live.grant_uses(&who, limit.window_s, now));
        }
        if snapshot.scores_risk() && snapshot.governance.capabilities(tenant, capability).next().is_some() {
            facts.conduct = Some(self.live.conduct(&who, now));
        }
        facts
    }
}

/// A grant that allows no more calls for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "The caller's grant allows {} calls in {} seconds, and they are used up. Try again later.",
    .0.max_requests,
    .0.window_s
)]
pub struct GrantExceeded(pub RateLimit);

/// What letting a call through will take of its caller's grant.
#[derive(Clone, Debug)]
pub struct LaterCharge {
    who: Who,
    rate: RateLimit,
}

impl LaterCharge {
    /// What letting `request` through takes; `None` where no rate is limited.
    #[must_use]
    pub fn of(request: DecisionRequest<'_, '_>, decision: &Decision) -> Option<Self> {
        Some(Self { rate: decision.charge?, who: who(request)? })
    }
}

/// Whose numbers a call is counted in; `None` for a call that has no name.
#[must_use]
pub fn who(request: DecisionRequest<'_, '_>) -> Option<Who> {
    let principal = request.principal;
    Some(Who::new(&principal.tenant, &principal.id, request.call.action.capability()?))
}
