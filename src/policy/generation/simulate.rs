//! [`simulate`]: what would have been decided, had other policies been there. Imports observations and the engine.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::time::Timestamp;
use crate::policy::cedar::{Engine, Verdict};
use crate::policy::generation::observe::{Call, CallTally, Observations};
use crate::policy::generation::{EntityRef, Unaskable};

/// Every call that was seen, at each time that matters, decided by the present policies and by a draft.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Simulation {
    /// What the present policies allow.
    pub allowed_now: SimulatedCount,
    /// What the draft allows.
    pub allowed_then: SimulatedCount,
    /// All calls that both were asked about.
    pub asked: SimulatedCount,
    /// Calls that cannot be put to an engine.
    pub unasked: SimulatedCount,
    /// Records of which no call could be made, by the reason.
    pub unaskable: BTreeMap<Unaskable, u64>,
    /// Whether there is more than was looked at.
    pub truncated: bool,
    /// What is allowed now and would be denied.
    pub to_deny: Flips,
    /// What is denied now and would be allowed.
    pub to_allow: Flips,
}

/// How many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SimulatedCount {
    /// Different calls.
    pub distinct: u64,
    /// Records of them.
    pub records: u64,
}

impl SimulatedCount {
    /// Adds so many records of one call, if there are any.
    fn add(&mut self, records: u64) {
        self.distinct += u64::from(records > 0);
        self.records += records;
    }
}

/// Calls that would be decided differently.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flips {
    /// How many.
    pub count: SimulatedCount,
    /// The first of them, in the order of principals, actions and resources.
    pub examples: Vec<Flip>,
}

/// One call that would be decided differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flip {
    /// The id of its first record.
    pub event_id: String,
    /// When that was.
    pub at: Timestamp,
    /// Who.
    pub principal: EntityRef,
    /// What.
    pub action: EntityRef,
    /// On what.
    pub resource: EntityRef,
    /// What decides now.
    pub now: Deciding,
    /// What would decide.
    pub then: Deciding,
}

/// What decides a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deciding {
    /// Whether it is allowed.
    pub allowed: bool,
    /// The policies that decide it, sorted.
    pub determining: Vec<Arc<str>>,
    /// What denies it although no forbid matches.
    pub refusal: Option<String>,
}

impl From<Verdict> for Deciding {
    fn from(verdict: Verdict) -> Self {
        Self {
            allowed: verdict.allowed,
            determining: verdict.determining,
            refusal: verdict.refusal.map(|refusal| refusal.to_string()),
        }
    }
}

/// Asks `present` and `draft` about every call of `observations`, and tells at most `examples` calls of each kind that they decide
/// differently. What was recorded as the decision plays no part: the arguments of a record may be hidden, and policies may have changed.
#[must_use]
pub fn simulate(
    observations: &Observations,
    present: &Engine,
    draft: &Engine,
    examples: usize,
) -> Simulation {
    let mut simulation = Simulation::default();
    let calls: Vec<(&Call, &CallTally)> = observations.calls().iter().collect();
    // One call may be here several times: of policies that read the clock, its time makes a difference.
    for alike in calls.chunk_by(|(one, _), (other, _)| one.is_like(other)) {
        let [mut asked_of, mut unasked, mut now_allowed, mut then_allowed] = [0; 4];
        let [mut to_deny, mut to_allow] = [0; 2];
        for (call, tally) in alike {
            let records = tally.records();
            let Ok(asked) = call.asked() else {
                unasked += records;
                continue;
            };
            let (now, then) = (present.authorize(&asked), draft.authorize(&asked));
            asked_of += records;
            let (passes_now, passes_then) = (call.passes(&now), call.passes(&then));
            now_allowed += if passes_now { records } else { 0 };
            then_allowed += if passes_then { records } else { 0 };
            let (flips, flipped) = match (passes_now, passes_then) {
                (true, false) => (&mut simulation.to_deny, &mut to_deny),
                (false, true) => (&mut simulation.to_allow, &mut to_allow),
                _ => continue,
            };
            if *flipped == 0 && flips.examples.len() < examples {
                flips.examples.extend(tally.first.as_ref().map(|first| flip(call, first, now, then)));
            }
            *flipped += records;
        }
        simulation.asked.add(asked_of);
        simulation.unasked.add(unasked);
        simulation.allowed_now.add(now_allowed);
        simulation.allowed_then.add(then_allowed);
        simulation.to_deny.count.add(to_deny);
        simulation.to_allow.count.add(to_allow);
    }
    simulation.truncated = observations.counts().is_truncated();
    simulation.unaskable =
        observations.counts().unaskable.iter().map(|(why, seen)| (*why, seen.count)).collect();
    simulation
}

fn flip(call: &Call, first: &(Timestamp, String), now: Verdict, then: Verdict) -> Flip {
    Flip {
        event_id: first.1.clone(),
        at: first.0,
        principal: call.principal.clone(),
        action: call.action.clone(),
        resource: call.resource.clone(),
        now: now.into(),
        then: then.into(),
    }
}
