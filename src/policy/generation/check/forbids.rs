//! What the engine's present forbids say of the calls that were seen. Imports the engine.

use std::sync::Arc;

use crate::policy::cedar::{Change, Effect, Engine, Mode, Refusal, read};
use crate::policy::generation::observe::Call;

/// What the present forbids are called in a trial: none of ours is called so.
const PRESENT: &str = "present:";

/// What permits everything, to see what is forbidden. It never leaves this file.
const EVERYTHING: &str = "permit (principal, action, resource);";

/// Why no policy is made of an allowed call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::policy::generation) enum Apart {
    /// These present policies forbid it.
    Forbidden(Vec<Arc<str>>),
    /// This present policy fails on it, or reads what is not recorded.
    Failed(Arc<str>),
    /// It cannot be put to an engine.
    Unasked,
}

/// The present forbids that count.
#[derive(Clone, Debug)]
pub(in crate::policy::generation) struct Forbids {
    alone: Engine,
    with_everything: Engine,
}

impl Forbids {
    /// The forbids of `present`; none where there is no engine.
    pub(in crate::policy::generation) fn of(present: Option<&Engine>) -> Self {
        let options = present.map(Engine::options).unwrap_or_default();
        let forbids = present.into_iter().flat_map(Engine::policies).filter_map(|held| {
            let counts = held.mode == Mode::Active && held.effect() == Effect::Forbid;
            counts.then(|| Change::Put {
                id: format!("{PRESENT}{}", held.id).into(),
                policy: held.policy.clone(),
                mode: Mode::Active,
            })
        });
        let alone = Engine::new(options).changed(forbids);
        let with_everything = match read(EVERYTHING) {
            Ok(policy) => alone.with("everything", policy, Mode::Active),
            Err(_) => alone.clone(),
        };
        Self { alone, with_everything }
    }

    /// The engine that has them and nothing else.
    pub(in crate::policy::generation) const fn alone(&self) -> &Engine {
        &self.alone
    }

    /// Why the call could not be allowed, whatever is permitted; `None` if it could.
    pub(in crate::policy::generation) fn apart(&self, call: &Call) -> Option<Apart> {
        let Ok(asked) = call.asked() else { return Some(Apart::Unasked) };
        let verdict = self.with_everything.authorize(&asked);
        let own = |id: &Arc<str>| id.strip_prefix(PRESENT).unwrap_or(id).into();
        match verdict.refusal {
            _ if verdict.allowed => None,
            None => Some(Apart::Forbidden(verdict.determining.iter().map(own).collect())),
            Some(Refusal::Degraded { id } | Refusal::Failed { id } | Refusal::Dropped { id, .. }) => {
                Some(Apart::Failed(own(&id)))
            }
            Some(Refusal::Unknown | Refusal::Unasked(_)) => Some(Apart::Unasked),
        }
    }
}
