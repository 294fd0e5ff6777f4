//! [`Usage`]: what the engine's present policies did in the window, by asking them about every call that was seen. Imports the engine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::policy::cedar::{Change, Effect, Engine, Mode};
use crate::policy::generation::EntityRef;
use crate::policy::generation::learn::Lesson;
use crate::policy::generation::observe::{Call, Evidence};

/// What one policy did.
#[derive(Clone, Debug, Default)]
pub(super) struct Used<'o> {
    /// Calls that it matches.
    pub(super) matched: Evidence,
    /// Calls that it decided.
    pub(super) decided: Evidence,
    /// Calls that it permitted and no other did.
    pub(super) alone: Evidence,
    /// Calls on which it failed.
    pub(super) failed: Evidence,
    pub(super) principals: BTreeSet<&'o EntityRef>,
    pub(super) actions: BTreeSet<&'o EntityRef>,
    pub(super) resources: BTreeSet<&'o EntityRef>,
}

/// What the present policies did.
#[derive(Clone, Debug, Default)]
pub(in crate::policy::generation) struct Usage<'o> {
    pub(super) of: BTreeMap<Arc<str>, Used<'o>>,
    /// The permits that match each sample that is allowed now.
    pub(super) permits: BTreeMap<usize, BTreeSet<Arc<str>>>,
}

impl<'o> Usage<'o> {
    /// What the policies of `present` say of the samples of `lesson`.
    pub(in crate::policy::generation) fn of(present: &Engine, lesson: &Lesson<'o>) -> Self {
        let permits = only_permits(present);
        let mut usage = Self::default();
        for (number, sample) in lesson.samples.iter().enumerate() {
            let Ok(asked) = sample.call.asked() else { continue };
            let mut evidence = Evidence::of([&sample.allowed, &sample.denied]);
            if !lesson.config.include_approved {
                // Else it is among what was allowed. What people approved a policy permitted too.
                evidence.add(&sample.approved);
            }
            let verdict = present.authorize(&asked);
            let passes = sample.call.passes(&verdict);
            if verdict.allowed && !passes {
                // A tunnel, which permits for more than its action do not let pass.
                continue;
            }
            // Without forbids: what would be permitted, were it not forbidden.
            let matched = permits.authorize(&asked).determining;
            for id in &matched {
                usage.used(id, sample.call).matched.add(&evidence);
            }
            for id in &verdict.determining {
                let used = usage.used(id, sample.call);
                used.decided.add(&evidence);
                if passes && verdict.determining.len() == 1 {
                    used.alone.add(&evidence);
                }
            }
            for error in &verdict.errors {
                usage.of.entry(Arc::clone(&error.id)).or_default().failed.add(&evidence);
            }
            if passes {
                usage.permits.insert(number, verdict.determining.into_iter().collect());
            }
        }
        usage
    }

    fn used(&mut self, id: &Arc<str>, call: &'o Call) -> &mut Used<'o> {
        let used = self.of.entry(Arc::clone(id)).or_default();
        used.principals.insert(&call.principal);
        used.actions.insert(&call.action);
        used.resources.insert(&call.resource);
        used
    }
}

fn only_permits(present: &Engine) -> Engine {
    let permits =
        present.policies().filter(|held| held.mode == Mode::Active && held.effect() == Effect::Permit);
    Engine::new(present.options()).changed(permits.map(|held| Change::Put {
        id: Arc::clone(held.id),
        policy: held.policy.clone(),
        mode: Mode::Active,
    }))
}
