//! One part of the callers: all that is known of them, behind one lock. An actor is whole in one part.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::facts::Observation;
use crate::facts::live::activity::{Activity, day_of};
use crate::facts::live::event::{Key, Who};
use crate::facts::live::observed::{DriftBaseline, Watched};
use crate::facts::live::reports::Reports;
use crate::facts::live::uses::{Taken, Uses, window_of};
use crate::model::decision::{Conduct, Observed, RateLimit};
use crate::risk::gates::Constants;

/// A table by keys, which are hashes already.
pub(super) type Table<T> = HashMap<Key, T, BuildHasherDefault<KeyHasher>>;

/// Takes the first bytes of a key as they are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        // The length of an array is written too, and says nothing.
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

/// How much one part may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PartLimits {
    pub(super) actors: usize,
    pub(super) capabilities: usize,
    pub(super) grants: usize,
    pub(super) observed: usize,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    /// The uses of grants, by actor and capability, and of capabilities by everybody.
    pub(super) uses: Table<Uses>,
    /// The conduct of actors.
    pub(super) actors: Table<Box<Known>>,
    /// What is observed of actors for the gates.
    pub(super) observed: Table<Box<Watched>>,
}

/// What is known of an actor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// The latest time at which something became known of it.
    pub(super) touched: i64,
    pub(super) activity: Activity,
    /// By key.
    pub(super) capabilities: Vec<Used>,
}

/// What is known of an actor and a capability.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Used {
    pub(super) key: Key,
    /// The latest time at which something became known of it.
    pub(super) touched: i64,
    /// The last day on which a call was let through; 0: none.
    pub(super) day: u32,
    pub(super) reports: Reports,
}

/// Below so many grants nothing is cleared away.
const GRANTS_FEW: usize = 1024;

impl Part {
    pub(super) fn count_uses(&self, who: &Who, window: i64, now: i64) -> u32 {
        self.uses.get(&who.call).map_or(0, |uses| uses.count(window, now))
    }

    /// Takes a use that all of `rates` have room for, or says which has none, and from when on it may. `most`: what the widest limit
    /// allows.
    pub(super) fn take(
        &mut self,
        limits: PartLimits,
        who: &Who,
        rates: impl Iterator<Item = RateLimit> + Clone,
        most: u32,
        now: i64,
    ) -> Result<Taken, (RateLimit, i64)> {
        if !self.uses.contains_key(&who.call) {
            self.clear(limits, now);
            if self.uses.len() >= limits.grants
                && let Some(rate) = rates.clone().next()
            {
                return Err((rate, now.saturating_add(window_of(rate.window_s))));
            }
        }
        self.uses.entry(who.call).or_insert_with(|| Uses::new(now)).take(rates, most, now)
    }

    /// Notes a use that was let through: there is always room for it, since whoever let it through found room.
    pub(super) fn note_use(&mut self, limits: PartLimits, who: &Who, most: u32, now: i64) {
        if !self.uses.contains_key(&who.call) {
            self.clear(limits, now);
        }
        self.uses.entry(who.call).or_insert_with(|| Uses::new(now)).add(most, now);
    }

    pub(super) fn give_back(&mut self, who: &Who, taken: Taken) {
        if let Some(uses) = self.uses.get_mut(&who.call) {
            uses.give_back(taken);
        }
    }

    /// Forgets uses that count in no window any more: when there are as many as there may be, and each time they have doubled.
    fn clear(&mut self, limits: PartLimits, now: i64) {
        let count = self.uses.len();
        if count >= limits.grants || (count >= GRANTS_FEW && count.is_power_of_two()) {
            self.uses.retain(|_, uses| uses.counts(now));
        }
    }

    pub(super) fn let_through(&mut self, limits: PartLimits, who: &Who, now: i64) {
        let known = self.known(limits, who, now);
        known.activity.add(now);
        known.note(limits, who, now, |used| used.day = used.day.max(day_of(now)));
    }

    pub(super) fn reported(&mut self, limits: PartLimits, who: &Who, failed: bool, now: i64) {
        self.known(limits, who, now).note(limits, who, now, |used| used.reports.add(failed, now));
    }

    pub(super) fn conduct(&self, who: &Who, now: i64) -> Conduct {
        let Some(known) = self.actors.get(&who.actor) else { return Conduct::default() };
        let used = known.find(&who.call).ok().and_then(|index| known.capabilities.get(index));
        let (reports, failures) = used.map_or((0, 0), |used| used.reports.count(now));
        let last_used = used.map(|used| used.day).filter(|day| *day > 0);
        Conduct { reports, failures, anomaly: known.activity.anomaly(last_used, now) }
    }

    fn known(&mut self, limits: PartLimits, who: &Who, now: i64) -> &mut Known {
        if self.actors.len() >= limits.actors && !self.actors.contains_key(&who.actor) {
            forget_oldest(&mut self.actors, limits.actors, |known| known.touched);
        }
        let known = self.actors.entry(who.actor).or_default();
        known.touched = known.touched.max(now);
        known
    }

    /// What a call of that shape is decided with.
    pub(super) fn observed(
        &mut self,
        who: &Who,
        (shape, window): ([u8; 16], u16),
        constants: &Constants,
    ) -> Observed {
        match self.observed.get_mut(&who.actor) {
            Some(watched) => watched.observed(who, (shape, window), constants),
            None => Observed { shape, window, ..Observed::default() },
        }
    }

    /// How an actor behaves; `None` where nothing was observed of it.
    pub(super) fn baseline(
        &mut self,
        who: &Who,
        window: u16,
        constants: &Constants,
    ) -> Option<DriftBaseline> {
        Some(self.observed.get_mut(&who.actor)?.baseline(window, constants))
    }

    pub(super) fn recalibrate(&mut self, who: &Who) {
        if let Some(watched) = self.observed.get_mut(&who.actor) {
            watched.recalibrate();
        }
    }

    pub(super) fn observe(&mut self, limits: PartLimits, who: &Who, observation: &Observation) {
        if self.observed.len() >= limits.observed && !self.observed.contains_key(&who.actor) {
            forget_oldest(&mut self.observed, limits.observed, |watched| watched.touched);
        }
        self.observed.entry(who.actor).or_default().add(who, observation);
    }
}

/// Forgets the sixteenth of the actors of whom nothing was heard for the longest.
fn forget_oldest<T>(table: &mut Table<T>, most: usize, touched: impl Fn(&T) -> i64) {
    let mut all: Vec<(i64, Key)> = table.iter().map(|(key, known)| (touched(known), *key)).collect();
    let gone = (most / 16).max(1).min(all.len());
    all.select_nth_unstable(gone - 1);
    for (_, key) in all.iter().take(gone) {
        table.remove(key);
    }
}

impl Known {
    fn find(&self, key: &Key) -> Result<usize, usize> {
        self.capabilities.binary_search_by(|used| used.key.cmp(key))
    }

    /// Adds something to what is known of the capability.
    fn note(&mut self, limits: PartLimits, who: &Who, now: i64, work: impl FnOnce(&mut Used)) {
        if self.capabilities.len() >= limits.capabilities && self.find(&who.call).is_err() {
            self.forget_capability();
        }
        let index = self.find(&who.call).unwrap_or_else(|index| {
            self.capabilities.insert(index, Used { key: who.call, ..Used::default() });
            index
        });
        if let Some(used) = self.capabilities.get_mut(index) {
            used.touched = used.touched.max(now);
            work(used);
        }
    }

    /// Forgets the capability of which nothing was heard for the longest; one whose calls failed only when all others did too: an
    /// actor must not get its failures forgotten by calling other things.
    fn forget_capability(&mut self) {
        let oldest = self.capabilities.iter().enumerate();
        let oldest = oldest.min_by_key(|(_, used)| (used.reports.any_failed(), used.touched, used.key));
        if let Some(index) = oldest.map(|(index, _)| index) {
            self.capabilities.remove(index);
        }
    }
}
