//! Decisions on calls that are not made, each as if those before it had been.

use std::collections::HashMap;
use std::sync::Arc;

use crate::decision::{PolicySnapshot, decide};
use crate::facts::deciding::everybody;
use crate::facts::sessions::follow;
use crate::facts::{Decided, Deciding, Who, who};
use crate::model::call::DecisionRequest;
use crate::model::decision::{Decision, Facts, History, Outcome};
use crate::model::time::Timestamp;

/// A session: its caller's tenant and id, and its name.
type Session = (Arc<str>, Arc<str>, String);

/// What sessions, grants and shared limits would have come to. Nothing of it is remembered, no session is begun by it, and none is kept for
/// longer.
#[derive(Debug)]
pub struct Rehearsal<'d> {
    deciding: &'d Deciding,
    histories: HashMap<Session, History>,
    /// What would have been taken of grants, and of what all callers share.
    taken: HashMap<Who, u32>,
    /// How many calls of each kind would have been let through.
    seen: HashMap<(Who, [u8; 16]), u32>,
}

impl<'d> Rehearsal<'d> {
    /// As everything is now.
    #[must_use]
    pub fn new(deciding: &'d Deciding) -> Self {
        Self { deciding, histories: HashMap::new(), taken: HashMap::new(), seen: HashMap::new() }
    }

    /// As [`Deciding::decide`] would decide, had the calls before this one that were let through been made.
    pub fn decide(
        &mut self,
        snapshot: &PolicySnapshot,
        request: DecisionRequest<'_, '_>,
        now: Timestamp,
        lets_through: impl FnOnce(&Decision) -> bool,
    ) -> Decided {
        let mut facts = self.deciding.gather(snapshot, request, now);
        let taken = |who: Option<Who>| who.and_then(|who| self.taken.get(&who)).copied().unwrap_or_default();
        let (own, all) = (taken(who(request)), taken(everybody(request)));
        facts.grant_uses = facts.grant_uses.map(|uses| uses.saturating_add(own));
        facts.shared_uses = facts.shared_uses.map(|uses| uses.map(|uses| uses.saturating_add(all)));
        let kind = who(request).zip(facts.gates.map(|observed| observed.shape));
        if let (Some(observed), Some(kind)) = (&mut facts.gates, kind) {
            let before = self.seen.get(&kind).copied().unwrap_or_default();
            observed.seen = observed.seen.saturating_add(before);
        }
        let work = |history: Option<&History>| {
            let decision = decide(snapshot, request, Facts { history, ..facts });
            let goes_on = lets_through(&decision);
            (Decided { decision, history: history.cloned(), facts, reservation: None }, goes_on)
        };
        let mut goes_on = false;
        let work = |history: Option<&History>| {
            let (decided, goes) = work(history);
            goes_on = goes;
            (decided, goes)
        };
        let decided = match (snapshot.plan(), request.session) {
            (Some(plan), Some(session)) => {
                let principal = request.principal;
                let name = (Arc::clone(&principal.tenant), Arc::clone(&principal.id), session.to_owned());
                let sessions = self.deciding.sessions();
                let remembered = || sessions.history(principal, session, now).unwrap_or_default();
                follow(plan, self.histories.entry(name).or_insert_with(remembered), request, work)
            }
            _ => work(None).0,
        };
        let decision = &decided.decision;
        if goes_on && decision.outcome != Outcome::Deny {
            let own = who(request).filter(|_| decision.charge.is_some());
            let all = everybody(request).filter(|_| decision.shared_charge.is_some());
            for who in own.into_iter().chain(all) {
                *self.taken.entry(who).or_default() += 1;
            }
            if let Some(kind) = kind {
                *self.seen.entry(kind).or_default() += 1;
            }
        }
        decided
    }
}
