//! The live numbers as the gateway asks for them and adds to them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::facts::live::event::Who;
use crate::facts::live::observed::DriftBaseline;
use crate::facts::live::part::{Part, PartLimits};
use crate::facts::live::uses::{Taken, window_of};
use crate::facts::{Event, Observation, SharedUse, What};
use crate::model::decision::{Conduct, Observed, RateLimit};
use crate::model::time::Timestamp;
use crate::risk::gates::Constants;

/// Parts of the callers, each behind a lock of its own. A power of two.
pub(super) const PARTS: usize = 16;

/// How much is remembered. Each limit is spread evenly over 16 parts, and callers over the parts by a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveLimits {
    /// Actors whose conduct is known; for more, those of whom nothing was heard for the longest are forgotten.
    pub actors: usize,
    /// Capabilities known of one actor; for more, the one of which nothing was heard for the longest is forgotten, those whose calls
    /// failed last.
    pub capabilities_per_actor: usize,
    /// Grants whose uses are counted, and capabilities whose callers share a limit, in each tenant. None is forgotten while any use of
    /// it may count: calls under one more are refused, or are as if the limit was used up.
    pub grants: usize,
    /// Actors that are observed for the gates; for more, those of whom nothing was heard for the longest are forgotten.
    pub observed: usize,
}

impl Default for LiveLimits {
    fn default() -> Self {
        Self { actors: 100_000, capabilities_per_actor: 256, grants: 262_144, observed: 20_000 }
    }
}

/// How much is remembered at present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LiveSize {
    /// Actors whose conduct is known.
    pub actors: usize,
    /// Grants whose uses are counted, and capabilities whose callers share a limit.
    pub grants: usize,
    /// Actors that are observed for the gates.
    pub observed: usize,
}

/// The live numbers of all callers. Every method is short and locks one part of the callers.
#[derive(Debug)]
pub struct Live {
    limits: PartLimits,
    pub(super) parts: [Mutex<Part>; PARTS],
}

impl Default for Live {
    fn default() -> Self {
        Self::new(LiveLimits::default())
    }
}

impl Live {
    /// Remembers as much as `limits` say, and knows nothing.
    #[must_use]
    pub fn new(limits: LiveLimits) -> Self {
        let share = |all: usize| all.div_ceil(PARTS).max(1);
        let limits = PartLimits {
            actors: share(limits.actors),
            capabilities: limits.capabilities_per_actor.max(1),
            grants: share(limits.grants),
            observed: share(limits.observed),
        };
        Self { limits, parts: Default::default() }
    }

    /// How many uses of the grant, or of the capability by everybody, lie within the last `window_s` seconds.
    #[must_use]
    pub fn uses(&self, who: &Who, window_s: u32, now: Timestamp) -> u32 {
        self.part(who).count_uses(who, window_of(window_s), now.as_micros())
    }

    /// Takes one use that all of `rates` have room for: checked and taken in one step.
    pub(super) fn take(
        &self,
        who: &Who,
        rates: impl Iterator<Item = RateLimit> + Clone,
        most: u32,
        now: Timestamp,
    ) -> Result<Taken, (RateLimit, i64)> {
        self.part(who).take(self.limits, who, rates, most, now.as_micros())
    }

    /// Counts a use where the widest limit allows `max_requests`, without asking whether one is left.
    pub fn note_use(&self, who: &Who, max_requests: u32, now: Timestamp) {
        self.part(who).note_use(self.limits, who, max_requests, now.as_micros());
    }

    /// A call was let through: for the caller's conduct.
    pub fn let_through(&self, who: &Who, now: Timestamp) {
        self.part(who).let_through(self.limits, who, now.as_micros());
    }

    /// A call was reported to have failed, or not.
    pub fn reported(&self, who: &Who, failed: bool, now: Timestamp) {
        self.part(who).reported(self.limits, who, failed, now.as_micros());
    }

    /// What is known of the caller's conduct, as the risk of a call at `now` asks for it: reports of the capability's calls in the
    /// last 24 hours (the hour of the clock and the 23 before it) or the last 100 reports, whichever are more; and what would be
    /// unusual about a call, looking back 30 days. docs/facts.md has the rules.
    #[must_use]
    pub fn conduct(&self, who: &Who, now: Timestamp) -> Conduct {
        self.part(who).conduct(who, now.as_micros())
    }

    /// What a decision on a call may go by whose parameters have the shape known by `shape`, where `window` calls of an actor make its
    /// baseline. Nothing is observed by that.
    #[must_use]
    pub fn observed(&self, who: &Who, shape: [u8; 16], window: u16, constants: &Constants) -> Observed {
        self.part(who).observed(who, (shape, window), constants)
    }

    /// A call was decided.
    pub fn observe(&self, who: &Who, observation: &Observation) {
        self.part(who).observe(self.limits, who, observation);
    }

    /// How `who` behaves, where `window` calls make a baseline; `None` where nothing was observed of it, or that was forgotten.
    #[must_use]
    pub fn drift_baseline(&self, who: &Who, window: u16, constants: &Constants) -> Option<DriftBaseline> {
        self.part(who).baseline(who, window, constants)
    }

    /// Forgets how `who` behaves: its next calls make the baseline of its drift anew. What it does often stays familiar.
    pub fn recalibrate(&self, who: &Who) {
        self.part(who).recalibrate(who);
    }

    /// Adds what was recorded. Applied in the order of the ledger to nothing, all records make the same state again; uses count at
    /// the time they say, or at the latest time known of the grant, so never earlier than they did.
    pub fn apply(&self, event: &Event) {
        let Event { who, at, what } = event;
        match what {
            What::LetThrough { charged, shared, observed } => {
                self.let_through(who, *at);
                if let Some(most) = charged {
                    self.note_use(who, *most, *at);
                }
                if let Some(SharedUse { who, most, at }) = shared {
                    self.note_use(who, *most, *at);
                }
                if let Some(observation) = observed {
                    self.observe(who, observation);
                }
            }
            What::Observed(observation) => self.observe(who, observation),
            What::Recalibrated => self.recalibrate(who),
            What::Reported { failed } => self.reported(who, *failed, *at),
        }
    }

    /// How much is remembered.
    #[must_use]
    pub fn size(&self) -> LiveSize {
        self.parts.iter().map(lock).fold(LiveSize::default(), |size, part| LiveSize {
            actors: size.actors + part.actors.len(),
            grants: size.grants + part.uses.len(),
            observed: size.observed + part.observed.len(),
        })
    }

    pub(super) fn give_back(&self, who: &Who, taken: Taken) {
        self.part(who).give_back(who, taken);
    }

    fn part(&self, who: &Who) -> MutexGuard<'_, Part> {
        let [.., last] = who.actor;
        let [first, ..] = &self.parts;
        lock(self.parts.get(usize::from(last) % PARTS).unwrap_or(first))
    }
}

/// A panic leaves numbers at most one call behind.
pub(super) fn lock(part: &Mutex<Part>) -> MutexGuard<'_, Part> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}
