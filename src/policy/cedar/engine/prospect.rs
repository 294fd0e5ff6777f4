//! What could be allowed, and which policies are about what: both by scopes alone. Imports the rest of the engine.

use std::collections::BTreeSet;
use std::sync::Arc;

use cedar_policy::EntityUid;

use crate::policy::cedar::Effect;
use crate::policy::cedar::access::{ContextPath, Tags};
use crate::policy::cedar::engine::{Asked, AskedError, Engine};
use crate::policy::cedar::index::{Entry, Lineage, Lineages, Mode};

/// Longest text of an entity in a filter, in bytes.
const UID_MAX_BYTES: usize = 4096;

impl Engine {
    /// Whether a call like this one could be allowed, were its parameters known: some permit is about it, whatever its conditions are,
    /// and no forbid without conditions is.
    ///
    /// INVARIANT: where it says no, [`Self::authorize`] denies the call for all parameters.
    #[must_use]
    pub fn prospect(&self, asked: &Asked) -> bool {
        if self.first_unreadable().is_some() {
            return false;
        }
        let mut permitted = false;
        for entry in self.index().about(asked.lineages()) {
            match entry.effect {
                _ if entry.mode == Mode::LogOnly => {}
                Effect::Permit => permitted = permitted || entry.scope.admits(asked.lineages()),
                Effect::Forbid => {
                    if !entry.policy.has_conditions() && entry.scope.admits_surely(asked.lineages()) {
                        return false;
                    }
                }
            }
        }
        permitted
    }

    /// Whether an active policy that is about the call could read the member of the context of that name, or ask whether it is there.
    #[must_use]
    pub fn reads(&self, asked: &Asked, member: &str) -> bool {
        let paths = [ContextPath::of([member])];
        self.active_about(asked).any(|entry| entry.reads().first_of(&paths).is_some())
    }

    /// Which tags active policies that are about the call ask for; `None`: perhaps any.
    #[must_use]
    pub fn tags(&self, asked: &Asked) -> Option<BTreeSet<String>> {
        let mut all = Tags::default();
        for reads in self.active_about(asked).map(Entry::reads) {
            all = all.and(reads.tags());
        }
        match all {
            Tags::Named(names) => Some(names),
            Tags::Any => None,
        }
    }

    fn active_about<'e>(&'e self, asked: &'e Asked) -> impl Iterator<Item = &'e Entry> {
        let about = self.index().about(asked.lineages()).into_iter().map(AsRef::as_ref);
        about.filter(|entry| entry.mode == Mode::Active && entry.scope.admits(asked.lineages()))
    }

    /// The ids of the policies that are about these, sorted: for lists that are filtered by whom, what or on what. Groups and action
    /// groups are not known here: a policy about a group is about its members only where they are asked for by the group.
    #[must_use]
    pub fn touching(&self, touching: &Touching) -> Vec<Arc<str>> {
        let found = self.index().about(&touching.0);
        let admitted = found.into_iter().filter(|entry| entry.scope.admits(&touching.0));
        let mut ids: Vec<Arc<str>> = admitted.map(|entry: &Arc<Entry>| Arc::clone(&entry.id)).collect();
        ids.sort();
        ids
    }
}

/// Whom, what and on what policies are looked for; what is left out is not asked about.
#[derive(Clone, Debug)]
pub struct Touching(Lineages);

impl Touching {
    /// Reads entities as Cedar writes them: `Agent::"agent-001"`.
    ///
    /// # Errors
    /// One of them is no entity.
    pub fn parse(
        principal: Option<&str>,
        action: Option<&str>,
        resource: Option<&str>,
    ) -> Result<Self, AskedError> {
        let lineage = |text: Option<&str>| {
            text.map(|text| Ok(Lineage { uid: uid(text)?, ancestors: Vec::new() })).transpose()
        };
        Ok(Self([lineage(principal)?, lineage(action)?, lineage(resource)?]))
    }
}

/// The entity that Cedar writes so.
pub(in crate::policy::cedar) fn uid(text: &str) -> Result<EntityUid, AskedError> {
    let wrong = || AskedError("expected an entity, such as Agent::\"agent-001\"".to_owned());
    if text.len() > UID_MAX_BYTES {
        return Err(wrong());
    }
    text.parse().map_err(|_| wrong())
}
