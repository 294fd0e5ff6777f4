//! Decisions with everything that is known of their callers: the histories of sessions, and the live numbers of grants, of what all
//! callers share, and of conduct.

use std::sync::Arc;

use crate::decision::{PolicySnapshot, decide};
use crate::facts::{Exceeded, LaterStep, Limited, Live, Reservation, Sessions, Who};
use crate::model::call::DecisionRequest;
use crate::model::decision::{Decision, Facts, History, Outcome, RateLimit, SharedCharge};
use crate::model::time::Timestamp;
use crate::policy::governance::Content;
use crate::risk::gates::ParameterShape;

/// How often a call is decided with what is counted, while others use that up between its decision and its charge.
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
    /// What was taken of the caller's grant, and of what all callers share, where the call goes on at once.
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
    /// of that session is decided, and its charge is taken: should others have used up meanwhile what it takes, it is decided again,
    /// and in the end as one beyond the limit.
    pub fn decide(
        &self,
        snapshot: &PolicySnapshot,
        request: DecisionRequest<'_, '_>,
        now: Timestamp,
        lets_through: impl Fn(&Decision) -> bool,
    ) -> Decided {
        let charging = |history: Option<&History>| {
            let (mut failures, mut used_up) = (0, UsedUp::default());
            loop {
                let facts = used_up.seen_in(self.gather(snapshot, request, now));
                let decision = decide(snapshot, request, Facts { history, ..facts });
                let goes_on = decision.outcome != Outcome::Deny && lets_through(&decision);
                let charge = if goes_on { LaterCharge::of(request, &decision) } else { None };
                let Some(charge) = charge else { return (decision, facts, None) };
                match self.take(&charge, now) {
                    Ok(taken) => return (decision, facts, Some(taken)),
                    Err(exceeded) => {
                        failures += 1;
                        if failures >= TRIES {
                            // As used up as it was each time. This ends: a grant that is used up denies, and of shared limits that
                            // are nothing is asked any more.
                            used_up.note(exceeded.of);
                        }
                    }
                }
            }
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
    /// A limit has no room for it.
    pub fn take(&self, charge: &LaterCharge, now: Timestamp) -> Result<Reservation, Exceeded> {
        self.live.reserve(charge.grant, charge.shared, now)
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
        let governance = &snapshot.governance;
        let gating = snapshot.gates();
        let of_caller = snapshot.counts_uses() || snapshot.scores_risk() || gating.live.is_some();
        let of_all = governance.has_shared_limits();
        let Some(capability) = request.call.action.capability().filter(|_| of_caller || of_all) else {
            return facts;
        };
        let (tenant, actor) = (&*request.principal.tenant, &*request.principal.id);
        // Hashed only for capabilities that have a limit.
        let mut everybody = None;
        for (slot, limit) in facts.shared_uses.iter_mut().zip(governance.shared_limits(tenant, capability)) {
            let who = everybody.get_or_insert_with(|| Who::everybody(tenant, capability));
            *slot = Some(self.live.uses(who, limit.rate.window_s, now));
        }
        let Some(who) = who(request).filter(|_| of_caller) else { return facts };
        if snapshot.counts_uses()
            && let Some(object) = governance.grant(tenant, actor, capability)
            && let Content::Grant(grant) = &object.content
            && let Some(limit) = grant.rate_limit
        {
            facts.grant_uses = Some(self.live.uses(&who, limit.window_s, now));
        }
        if snapshot.scores_risk() && governance.capabilities(tenant, capability).next().is_some() {
            facts.conduct = Some(self.live.conduct(&who, now));
        }
        if let Some(live) = &gating.live {
            let shape = ParameterShape::of_parameters(&request.call.parameters).as_bytes();
            facts.gates = Some(self.live.observed(&who, shape, live.window, &gating.constants));
        }
        facts
    }
}

/// Limits of a call that others used up each time it was decided.
#[derive(Clone, Copy, Debug, Default)]
struct UsedUp {
    grant: bool,
    shared: bool,
}

impl UsedUp {
    const fn note(&mut self, of: Limited) {
        match of {
            Limited::Grant => self.grant = true,
            Limited::Shared => self.shared = true,
        }
    }

    fn seen_in(self, mut facts: Facts<'static>) -> Facts<'static> {
        if self.grant {
            facts.grant_uses = Some(u32::MAX);
        }
        if self.shared {
            facts.shared_uses = facts.shared_uses.map(|uses| uses.and(Some(u32::MAX)));
        }
        facts
    }
}

/// What letting a call through will take: of its caller's grant, and of what all callers share.
#[derive(Clone, Debug)]
pub struct LaterCharge {
    grant: Option<(Who, RateLimit)>,
    shared: Option<(Who, SharedCharge)>,
}

impl LaterCharge {
    /// What letting `request` through takes; `None` where nothing is limited.
    #[must_use]
    pub fn of(request: DecisionRequest<'_, '_>, decision: &Decision) -> Option<Self> {
        let grant = decision.charge.and_then(|rate| Some((who(request)?, rate)));
        let shared = decision.shared_charge.and_then(|charge| Some((everybody(request)?, charge)));
        (grant.is_some() || shared.is_some()).then_some(Self { grant, shared })
    }
}

/// In whose numbers the calls of all callers are counted; `None` for a call that has no name.
pub(super) fn everybody(request: DecisionRequest<'_, '_>) -> Option<Who> {
    Some(Who::everybody(&request.principal.tenant, request.call.action.capability()?))
}

/// Whose numbers a call is counted in; `None` for a call that has no name.
#[must_use]
pub fn who(request: DecisionRequest<'_, '_>) -> Option<Who> {
    let principal = request.principal;
    Some(Who::new(&principal.tenant, &principal.id, request.call.action.capability()?))
}
