//! [`Observations`]: recorded decisions as distinct calls with their counts, within limits. Imports calls and evidence.

use std::collections::{BTreeMap, HashSet};

use sha2::{Digest, Sha256};

use crate::model::time::Timestamp;
use crate::policy::generation::config::Window;
use crate::policy::generation::observe::{Call, Evidence, Observation, ObservedOutcome, Unaskable};

/// How much a run takes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObservationLimits {
    /// Most records that are looked at. 16 bytes are kept of each.
    pub rows: usize,
    /// Most distinct calls that are kept.
    pub calls: usize,
    /// Most memory that distinct calls take, in bytes, roughly.
    pub call_bytes: usize,
}

impl Default for ObservationLimits {
    /// 1,000,000 records, 200,000 calls, 128 MiB.
    fn default() -> Self {
        Self { rows: 1_000_000, calls: 200_000, call_bytes: 128 * 1024 * 1024 }
    }
}

/// What became of the records that were fed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObservationCounts {
    /// Records that were looked at.
    pub rows: u64,
    /// Records that had been fed before.
    pub duplicates: u64,
    /// Records from before or after the window.
    pub outside: u64,
    /// Records that cannot be put to an engine, and why.
    pub unaskable: BTreeMap<Unaskable, Evidence>,
    /// Records of calls that something else than a policy stopped.
    pub stopped: u64,
    /// Records of calls that a person approved.
    pub approved: u64,
    /// Records that came when as many had been looked at as may be.
    pub refused: u64,
    /// Records of calls that were allowed, approved or stopped and found no room, or were put out of theirs.
    pub dropped_allowed: u64,
    /// The same of denied calls. A run that does not know all denials makes no policies.
    pub dropped_denied: u64,
}

impl ObservationCounts {
    /// Whether there is more than was taken in.
    #[must_use]
    pub const fn is_truncated(&self) -> bool {
        self.refused > 0 || self.dropped_allowed > 0 || self.dropped_denied > 0
    }

    /// How many records cannot be put to an engine for that reason.
    #[must_use]
    pub fn unaskable(&self, why: Unaskable) -> u64 {
        self.unaskable.get(&why).map_or(0, |evidence| evidence.count)
    }
}

/// What was recorded of one call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::policy::generation) struct CallTally {
    pub(in crate::policy::generation) allowed: Evidence,
    pub(in crate::policy::generation) would_deny: Evidence,
    pub(in crate::policy::generation) denied: Evidence,
    pub(in crate::policy::generation) approved: Evidence,
    /// Only where stopped calls are kept.
    pub(in crate::policy::generation) stopped: Evidence,
    /// The first record of it: its time and event id.
    pub(in crate::policy::generation) first: Option<(Timestamp, String)>,
}

impl CallTally {
    /// How many records there are of it.
    pub(in crate::policy::generation) fn records(&self) -> u64 {
        let all = [&self.allowed, &self.would_deny, &self.denied, &self.approved, &self.stopped];
        all.into_iter().map(|evidence| evidence.count).sum()
    }

    fn see(&mut self, at: Timestamp, event_id: &str, outcome: ObservedOutcome) {
        match outcome {
            ObservedOutcome::Allowed => self.allowed.see(at),
            ObservedOutcome::WouldDeny => self.would_deny.see(at),
            ObservedOutcome::Denied => self.denied.see(at),
            ObservedOutcome::Approved => self.approved.see(at),
            ObservedOutcome::Stopped => self.stopped.see(at),
        }
        let is_first = match &self.first {
            Some((time, event)) => (at, event_id) < (*time, event.as_str()),
            None => true,
        };
        if is_first {
            self.first = Some((at, event_id.to_owned()));
        }
    }
}

/// Recorded decisions of one tenant in a window, made into distinct calls. Feed it record by record, in any order: what comes of it is the same, as long
/// as there are no more records than may be looked at.
///
/// INVARIANT: where there are more calls than may be kept, the first of them in their order are kept, with full counts: a permission that
/// is made rests on all of its calls.
#[derive(Clone, Debug)]
pub struct Observations {
    window: Window,
    tenant: String,
    limits: ObservationLimits,
    keep_stopped: bool,
    calls: BTreeMap<Call, CallTally>,
    bytes: usize,
    seen: HashSet<[u8; 16]>,
    /// The first call that found no room. Neither does any behind it.
    cut: Option<Call>,
    counts: ObservationCounts,
}

impl Observations {
    /// Nothing yet, of `tenant` in `window`.
    #[must_use]
    pub fn new(window: Window, tenant: &str, limits: ObservationLimits) -> Self {
        Self {
            window,
            tenant: tenant.to_owned(),
            limits,
            keep_stopped: false,
            calls: BTreeMap::new(),
            bytes: 0,
            seen: HashSet::new(),
            cut: None,
            counts: ObservationCounts::default(),
        }
    }

    /// The same, with the calls that something else than a policy stopped: no run learns of them, but drafts may be tried on them.
    #[must_use]
    pub const fn with_stopped(mut self) -> Self {
        self.keep_stopped = true;
        self
    }

    /// Takes in one record.
    pub fn feed(&mut self, observation: &Observation<'_>) {
        if self.counts_in(observation.event_id, observation.at, observation.outcome) {
            self.take(Call::of(observation, &self.tenant), observation);
        }
    }

    /// Counts a record that cannot be put to an engine: its id, its time and what became of it.
    pub fn pass_over(&mut self, (event_id, at): (&str, Timestamp), outcome: ObservedOutcome, why: Unaskable) {
        if self.counts_in(event_id, at, outcome) {
            self.counts.unaskable.entry(why).or_default().see(at);
        }
    }

    /// What became of the records that were fed.
    #[must_use]
    pub const fn counts(&self) -> &ObservationCounts {
        &self.counts
    }

    /// The window they are of.
    #[must_use]
    pub const fn window(&self) -> Window {
        self.window
    }

    /// The tenant whose calls they are.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// How many distinct calls there are, whenever they were made.
    #[must_use]
    pub fn call_count(&self) -> usize {
        let mut before = None;
        self.calls
            .keys()
            .filter(|call| before.replace(*call).is_none_or(|before| !call.is_like(before)))
            .count()
    }

    /// The distinct calls in their order.
    pub(in crate::policy::generation) const fn calls(&self) -> &BTreeMap<Call, CallTally> {
        &self.calls
    }

    /// Counts a record; whether it is to be looked at further.
    fn counts_in(&mut self, event_id: &str, at: Timestamp, outcome: ObservedOutcome) -> bool {
        if !self.window.contains(at) {
            self.counts.outside += 1;
            return false;
        }
        if !self.is_new(event_id) {
            return false;
        }
        match outcome {
            ObservedOutcome::Stopped => {
                self.counts.stopped += 1;
                self.keep_stopped
            }
            ObservedOutcome::Approved => {
                self.counts.approved += 1;
                true
            }
            ObservedOutcome::Allowed | ObservedOutcome::WouldDeny | ObservedOutcome::Denied => true,
        }
    }

    /// Counts a record; whether it has not come before and there is room for it.
    fn is_new(&mut self, event_id: &str) -> bool {
        let mut short = [0; 16];
        short.iter_mut().zip(Sha256::digest(event_id.as_bytes())).for_each(|(to, from)| *to = from);
        if self.seen.contains(&short) {
            self.counts.duplicates += 1;
        } else if self.seen.len() >= self.limits.rows {
            self.counts.refused += 1;
        } else {
            self.counts.rows += 1;
            return self.seen.insert(short);
        }
        false
    }

    fn take(&mut self, call: Call, observation: &Observation<'_>) {
        let Observation { at, event_id, outcome, .. } = *observation;
        if self.cut.as_ref().is_some_and(|cut| call >= *cut) {
            let mut tally = CallTally::default();
            tally.see(at, event_id, outcome);
            self.drop_tally(&tally);
            return;
        }
        if let Some(tally) = self.calls.get_mut(&call) {
            tally.see(at, event_id, outcome);
            return;
        }
        let mut tally = CallTally::default();
        tally.see(at, event_id, outcome);
        self.bytes = self.bytes.saturating_add(call.bytes());
        self.calls.insert(call, tally);
        self.make_room();
    }

    fn make_room(&mut self) {
        while self.calls.len() > self.limits.calls || self.bytes > self.limits.call_bytes {
            let Some((call, tally)) = self.calls.pop_last() else { break };
            self.bytes = self.bytes.saturating_sub(call.bytes());
            self.drop_tally(&tally);
            self.cut = Some(call);
        }
    }

    fn drop_tally(&mut self, tally: &CallTally) {
        self.counts.dropped_allowed +=
            tally.allowed.count + tally.would_deny.count + tally.approved.count + tally.stopped.count;
        // What would have been denied may have to stay so.
        self.counts.dropped_denied += tally.denied.count + tally.would_deny.count;
    }
}
