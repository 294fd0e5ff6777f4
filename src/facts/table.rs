//! The sessions and their histories, in memory, as many as there may be.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::model::call::Principal;
use crate::model::decision::History;
use crate::model::time::Timestamp;

/// How much is remembered of sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// Most sessions in all; for one more, the one that was idle longest is forgotten.
    pub sessions: usize,
    /// Most sessions of one actor; for one more, its own that was idle longest is forgotten.
    pub sessions_per_actor: usize,
    /// A session that did nothing for so long is forgotten.
    pub idle: Duration,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { sessions: 10_000, sessions_per_actor: 256, idle: Duration::from_secs(24 * 3600) }
    }
}

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

#[derive(Debug, Default)]
pub(super) struct Table {
    actors: HashMap<Actor, HashMap<Name, Kept>>,
    count: usize,
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
        let actor: Actor = (Arc::clone(&principal.tenant), Arc::clone(&principal.id));
        let name: Name = Sha256::digest(session).into();
        if let Some(kept) = self.actors.get_mut(&actor).and_then(|sessions| sessions.get_mut(&name)) {
            let idle = now.as_micros().saturating_sub(kept.used.as_micros());
            if u128::try_from(idle).unwrap_or(0) > limits.idle.as_micros() {
                kept.history = Shared::default();
            }
            kept.used = kept.used.max(now);
            return Arc::clone(&kept.history);
        }
        self.make_room(limits, &actor);
        let history = Shared::default();
        let kept = Kept { used: now, history: Arc::clone(&history) };
        self.actors.entry(actor).or_default().insert(name, kept);
        self.count += 1;
        history
    }

    fn make_room(&mut self, limits: &SessionLimits, actor: &Actor) {
        if let Some(own) = self.actors.get_mut(actor)
            && own.len() >= limits.sessions_per_actor
        {
            let oldest = own.iter().min_by_key(|(_, kept)| kept.used).map(|(name, _)| *name);
            if oldest.and_then(|name| own.remove(&name)).is_some() {
                self.count -= 1;
            }
        }
        if self.count >= limits.sessions {
            let all = self.actors.iter().flat_map(|(actor, sessions)| {
                sessions.iter().map(move |(name, kept)| (kept.used, actor.clone(), *name))
            });
            if let Some((_, actor, name)) = all.min_by_key(|(used, ..)| *used) {
                self.forget(&actor, &name);
            }
        }
    }

    fn forget(&mut self, actor: &Actor, name: &Name) {
        let Some(sessions) = self.actors.get_mut(actor) else { return };
        if sessions.remove(name).is_some() {
            self.count -= 1;
        }
        if sessions.is_empty() {
            self.actors.remove(actor);
        }
    }

    /// How many sessions are remembered.
    pub(super) const fn count(&self) -> usize {
        self.count
    }
}
