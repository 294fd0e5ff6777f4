//! The sessions and their histories, in memory, as many as there may be.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use crate::config::SessionLimits;
use crate::model::call::{Principal, SessionDigest};
use crate::model::decision::History;
use crate::model::time::Timestamp;

/// One session's history, locked while a decision is made with it.
pub(super) type Shared = Arc<Mutex<History>>;

/// Tenant and id.
pub(super) type Actor = (Arc<str>, Arc<str>);

#[derive(Debug)]
struct Kept {
    used: Timestamp,
    history: Shared,
}

/// The sessions of one actor.
#[derive(Debug, Default)]
struct Own {
    sessions: HashMap<SessionDigest, Kept>,
    /// The same, idle longest first.
    by_use: BTreeSet<(Timestamp, SessionDigest)>,
}

#[derive(Debug, Default)]
pub(super) struct Table {
    actors: HashMap<Actor, Own>,
    /// All sessions, idle longest first: what is forgotten is found without looking at the others.
    by_use: BTreeSet<(Timestamp, Actor, SessionDigest)>,
}

impl Table {
    /// The history of a session, a new one where there is none.
    pub(super) fn history(
        &mut self,
        limits: &SessionLimits,
        principal: &Principal,
        session: &str,
        now: Timestamp,
    ) -> Shared {
        let (actor, name) = named(principal, session);
        let mut history = Shared::default();
        let mut used = now;
        match self.actors.get(&actor).and_then(|own| own.sessions.get(&name)) {
            Some(kept) => {
                used = kept.used.max(now);
                if !kept.is_idle(limits, now) {
                    history = Arc::clone(&kept.history);
                }
                self.forget(&actor, &name);
            }
            None => self.make_room(limits, &actor),
        }
        self.keep(actor, name, Kept { used, history: Arc::clone(&history) });
        history
    }

    /// Remembers a session that it does not know.
    pub(super) fn restore(
        &mut self,
        limits: &SessionLimits,
        (actor, name): (Actor, SessionDigest),
        used: Timestamp,
        history: History,
    ) {
        self.make_room(limits, &actor);
        self.keep(actor, name, Kept { used, history: Arc::new(Mutex::new(history)) });
    }

    fn keep(&mut self, actor: Actor, name: SessionDigest, kept: Kept) {
        let (own, used) = (self.actors.entry(actor.clone()).or_default(), kept.used);
        own.by_use.insert((used, name));
        own.sessions.insert(name, kept);
        self.by_use.insert((used, actor, name));
    }

    /// The history of a session that is remembered. It is not used by that.
    pub(super) fn remembered(
        &self,
        limits: &SessionLimits,
        principal: &Principal,
        session: &str,
        now: Timestamp,
    ) -> Option<Shared> {
        let (actor, name) = named(principal, session);
        let kept = self.actors.get(&actor)?.sessions.get(&name)?;
        (!kept.is_idle(limits, now)).then(|| Arc::clone(&kept.history))
    }

    fn make_room(&mut self, limits: &SessionLimits, actor: &Actor) {
        if let Some(own) = self.actors.get(actor)
            && own.sessions.len() >= limits.max_per_actor
            && let Some((_, name)) = own.by_use.first().copied()
        {
            self.forget(actor, &name);
        }
        if self.count() >= limits.max
            && let Some((_, actor, name)) = self.by_use.first().cloned()
        {
            self.forget(&actor, &name);
        }
    }

    fn forget(&mut self, actor: &Actor, name: &SessionDigest) {
        let Some(own) = self.actors.get_mut(actor) else { return };
        if let Some(kept) = own.sessions.remove(name) {
            own.by_use.remove(&(kept.used, *name));
            self.by_use.remove(&(kept.used, actor.clone(), *name));
        }
        if own.sessions.is_empty() {
            self.actors.remove(actor);
        }
    }

    /// How many sessions are remembered.
    pub(super) fn count(&self) -> usize {
        self.by_use.len()
    }
}

impl Kept {
    /// Whether it did nothing for so long that it is forgotten.
    fn is_idle(&self, limits: &SessionLimits, now: Timestamp) -> bool {
        let idle = now.as_micros().saturating_sub(self.used.as_micros());
        u128::try_from(idle).unwrap_or(0) > limits.idle.as_micros()
    }
}

fn named(principal: &Principal, session: &str) -> (Actor, SessionDigest) {
    ((Arc::clone(&principal.tenant), Arc::clone(&principal.id)), SessionDigest::of(session))
}
