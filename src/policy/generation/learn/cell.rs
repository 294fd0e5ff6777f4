//! [`Lesson`]: the calls of a window, those that were allowed sorted by who did what on what. Imports observations.

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::generation::EntityRef;
use crate::policy::generation::config::{Granularity, ObserveMode, ObservedConfig};
use crate::policy::generation::learn::Secrets;
use crate::policy::generation::observe::{Call, CallTally, Evidence, Observations};

/// One distinct call, and how often it was allowed and denied, as the run counts it. Where policies read the clock or the session, calls
/// that differ in nothing else are samples of their own; what is made says nothing of either, so they are looked at together for it.
#[derive(Clone, Debug)]
pub(in crate::policy::generation) struct Sample<'o> {
    pub(in crate::policy::generation) call: &'o Call,
    pub(in crate::policy::generation) allowed: Evidence,
    pub(in crate::policy::generation) denied: Evidence,
    /// How often a person approved it, whether or not that counts as allowed.
    pub(in crate::policy::generation) approved: Evidence,
    /// The number of the first sample that is like it.
    alike: usize,
    /// Whether one that is like it was allowed.
    was_allowed: bool,
}

impl<'o> Sample<'o> {
    fn of(call: &'o Call, tally: &CallTally, config: &ObservedConfig) -> Self {
        let (mut allowed, mut denied) = (tally.allowed.clone(), tally.denied.clone());
        let approved = tally.approved.clone();
        if config.include_approved {
            allowed.add(&approved);
        }
        match config.observe_mode {
            ObserveMode::Enforce => denied.add(&tally.would_deny),
            ObserveMode::LogOnly => allowed.add(&tally.would_deny),
        }
        Self { call, was_allowed: allowed.is_some(), allowed, denied, approved, alike: 0 }
    }

    /// Whether it was denied whenever it was made: then no policy may allow it.
    pub(in crate::policy::generation) const fn must_stay_denied(&self) -> bool {
        self.denied.is_some() && !self.was_allowed
    }
}

/// How closely the policies of a cell stay to what was seen. A cell goes down one rung whenever what is said of it would allow a call that
/// was denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::policy::generation) enum Rung {
    /// As the run is configured.
    Configured,
    /// This principal and this resource; arguments as configured.
    Exact,
    /// Arguments as closely as they can be told together.
    Listed,
    /// The arguments of each call by themselves.
    Spelled,
}

impl Rung {
    /// The next one; `None` behind the last.
    pub(in crate::policy::generation) const fn next(self) -> Option<Self> {
        match self {
            Self::Configured => Some(Self::Exact),
            Self::Exact => Some(Self::Listed),
            Self::Listed => Some(Self::Spelled),
            Self::Spelled => None,
        }
    }
}

/// Who did what on what, and the allowed calls of that.
#[derive(Clone, Debug)]
pub(in crate::policy::generation) struct Cell {
    pub(in crate::policy::generation) principal: EntityRef,
    pub(in crate::policy::generation) action: EntityRef,
    pub(in crate::policy::generation) resource: EntityRef,
    /// Numbers of samples.
    pub(in crate::policy::generation) samples: Vec<usize>,
    pub(in crate::policy::generation) rung: Rung,
}

/// Who of a group was active in the window, whatever they did and whether it was allowed.
pub(in crate::policy::generation) type Membership<'o> = BTreeMap<&'o EntityRef, BTreeSet<&'o EntityRef>>;

/// The calls of a window, and the cells that policies are to be made of.
#[derive(Clone, Debug)]
pub(in crate::policy::generation) struct Lesson<'o> {
    pub(in crate::policy::generation) config: &'o ObservedConfig,
    /// Whose calls they all are.
    pub(in crate::policy::generation) tenant: &'o str,
    pub(in crate::policy::generation) secrets: Secrets,
    /// In the order of calls.
    pub(in crate::policy::generation) samples: Vec<Sample<'o>>,
    /// In the order of principals, actions and resources.
    pub(in crate::policy::generation) cells: Vec<Cell>,
    pub(in crate::policy::generation) members: Membership<'o>,
    /// The cells that rest on fewer calls than a policy must.
    pub(in crate::policy::generation) thin: Vec<Cell>,
}

impl<'o> Lesson<'o> {
    /// The calls of `observations`. `set_apart` tells of an allowed call whether no policy is to be made of it.
    pub(in crate::policy::generation) fn of(
        observations: &'o Observations,
        config: &'o ObservedConfig,
        secrets: Secrets,
        mut set_apart: impl FnMut(usize, &Sample<'o>) -> bool,
    ) -> Self {
        let mut samples: Vec<Sample<'o>> =
            observations.calls().iter().map(|(call, tally)| Sample::of(call, tally, config)).collect();
        compare(&mut samples);
        let mut cells: BTreeMap<[&EntityRef; 3], Vec<usize>> = BTreeMap::new();
        for (number, sample) in samples.iter().enumerate() {
            if sample.allowed.is_some() && is_asked_for(config, sample.call) && !set_apart(number, sample) {
                let key = [&sample.call.principal, &sample.call.action, &sample.call.resource];
                cells.entry(key).or_default().push(number);
            }
        }
        let cells = cells.into_iter().map(|([principal, action, resource], samples)| Cell {
            principal: principal.clone(),
            action: action.clone(),
            resource: resource.clone(),
            samples,
            rung: Rung::Configured,
        });
        let members = membership(&samples, config.granularity);
        let mut lesson = Self {
            config,
            tenant: observations.tenant(),
            secrets,
            cells: cells.collect(),
            members,
            thin: Vec::new(),
            samples,
        };
        let (cells, thin) = std::mem::take(&mut lesson.cells)
            .into_iter()
            .partition(|cell| lesson.allowed(&cell.samples).count >= config.min_count);
        (lesson.cells, lesson.thin) = (cells, thin);
        lesson
    }

    /// How often these samples were allowed.
    pub(in crate::policy::generation) fn allowed(&self, samples: &[usize]) -> Evidence {
        Evidence::of(
            samples.iter().filter_map(|number| self.samples.get(*number)).map(|sample| &sample.allowed),
        )
    }

    /// How often these samples were denied.
    pub(in crate::policy::generation) fn denied(&self, samples: &[usize]) -> Evidence {
        Evidence::of(
            samples.iter().filter_map(|number| self.samples.get(*number)).map(|sample| &sample.denied),
        )
    }

    /// How often calls like these samples were denied, whenever that was.
    pub(in crate::policy::generation) fn denied_alike(&self, samples: &[usize]) -> Evidence {
        let alike: BTreeSet<usize> = samples
            .iter()
            .filter_map(|number| self.samples.get(*number))
            .map(|sample| sample.alike)
            .collect();
        let like = self.samples.iter().filter(|sample| alike.contains(&sample.alike));
        Evidence::of(like.map(|sample| &sample.denied))
    }

    /// The samples of some cells.
    pub(in crate::policy::generation) fn samples_of(&self, cells: &BTreeSet<usize>) -> Vec<usize> {
        let cells = cells.iter().filter_map(|number| self.cells.get(*number));
        cells.flat_map(|cell| cell.samples.iter().copied()).collect()
    }
}

/// Finds out which samples are alike: in their order those stand together.
fn compare(samples: &mut [Sample<'_>]) {
    let mut first = 0;
    for alike in samples.chunk_by_mut(|one, other| one.call.is_like(other.call)) {
        let was_allowed = alike.iter().any(|sample| sample.was_allowed);
        for sample in alike.iter_mut() {
            (sample.alike, sample.was_allowed) = (first, was_allowed);
        }
        first += alike.len();
    }
}

fn is_asked_for(config: &ObservedConfig, call: &Call) -> bool {
    config.principals.as_ref().is_none_or(|these| these.contains(&call.principal))
        && config.actions.as_ref().is_none_or(|these| these.contains(&call.action))
}

fn membership<'o>(samples: &[Sample<'o>], granularity: Granularity) -> Membership<'o> {
    let mut members = Membership::new();
    for sample in samples {
        for group in groups(sample.call, granularity) {
            members.entry(group).or_default().insert(&sample.call.principal);
        }
    }
    members
}

/// What of a principal policies may name instead of it.
pub(super) fn groups(call: &Call, granularity: Granularity) -> &[EntityRef] {
    match granularity {
        Granularity::Principal => &[],
        Granularity::Group => &call.groups,
        Granularity::Role => &call.roles,
    }
}
