//! The sessions and their histories, in memory, as many as there may be.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};

use crate::config::SessionLimits;
use crate::model::call::Principal;
use crate::model::decision::History;
use crate::model::time::Timestamp;

/// One session's history, locked while a decision is made with it.
pub(super) type Shared = Arc<Mutex<History>>;

/// Tenant and id.
type Actor = (Arc<str>, Arc<str>);

/// A session's name, of whatever length.
type Name = [u8; 32];

#[derive(Debug)]
struct Kept {
    used: Timestamp,
    history: Shared,
}

/// The sessions of one actor.
#[derive(Debug, Default)]
struct Own {
    sessions: HashMap<Name, Kept>,
    /// The same, idle longest first.
    by_use: BTreeSet<(Timestamp, Name)>,
}

#[derive(Debug, Default)]
pub(super) struct Table {
    actors: HashMap<Actor, Own>,
    /// All sessions, idle longest first: what is forgotten is found without looking at the others.
    by_use: BTreeSet<(Timestamp, Actor, Name)>,
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
        let own = self.actors.entry(actor.clone()).or_default();
        own.by_use.insert((used, name));
        own.sessions.insert(name, Kept { used, history: Arc::clone(&history) });
        self.by_use.insert((used, actor, name));
        history
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

    fn forget(&mut self, actor: &Actor, name: &Name) {
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

fn named(principal: &Principal, session: &str) -> (Actor, Name) {
    ((Arc::clone(&principal.tenant), Arc::clone(&principal.id)), Sha256::digest(session).into())
}
