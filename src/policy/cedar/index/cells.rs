//! [`Index`]: the policies, by the three parts of their scopes together. Imports the axes, and the evaluation of one policy.

use std::sync::{Arc, OnceLock};

use crate::policy::cedar::access::{Reads, reads_of};
use crate::policy::cedar::engine::Condition;
use crate::policy::cedar::index::axis::{ANY, Axis, Key};
use crate::policy::cedar::index::scope::{Lineages, Scope};
use crate::policy::cedar::index::shards::Shards;
use crate::policy::cedar::read::could_read_system;
use crate::policy::cedar::{CedarPolicy, Effect};

/// Whether a policy counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// It does.
    #[default]
    Active,
    /// It is only watched: what would be decided if it counted is told beside the decision.
    LogOnly,
}

/// One policy, ready to be asked.
#[derive(Debug)]
pub(in crate::policy::cedar) struct Entry {
    pub(in crate::policy::cedar) id: Arc<str>,
    pub(in crate::policy::cedar) mode: Mode,
    pub(in crate::policy::cedar) effect: Effect,
    pub(in crate::policy::cedar) policy: CedarPolicy,
    pub(in crate::policy::cedar) scope: Scope,
    pub(in crate::policy::cedar) condition: Condition,
    /// Whether it could read what takes time to make.
    pub(in crate::policy::cedar) reads_system: bool,
    /// Found out when it is first asked for: taking a policy apart costs more than reading it.
    reads: OnceLock<Reads>,
}

impl Entry {
    pub(in crate::policy::cedar) fn new(id: Arc<str>, policy: CedarPolicy, mode: Mode) -> Self {
        Self {
            id,
            mode,
            effect: policy.effect(),
            scope: Scope::of(&policy),
            condition: Condition::of(&policy),
            reads_system: could_read_system(policy.text()),
            reads: OnceLock::new(),
            policy,
        }
    }

    /// What of the context it reads.
    pub(in crate::policy::cedar) fn reads(&self) -> &Reads {
        self.reads.get_or_init(|| reads_of(&self.policy))
    }
}

/// The policies whose scopes are found by the same three keys.
type Cell = Arc<Vec<Arc<Entry>>>;

/// Policies by their scopes. Copying it shares everything; a change copies what it touches.
#[derive(Clone, Debug, Default)]
pub(in crate::policy::cedar) struct Index {
    axes: [Axis; 3],
    cells: Shards<[u32; 3], Cell>,
}

impl Index {
    /// Enters a policy.
    pub(in crate::policy::cedar) fn enter(&mut self, entry: &Arc<Entry>) {
        for keys in places(&entry.scope) {
            let numbers = self.numbers(&keys, |axis, key| Some(axis.enter(key)));
            self.cells
                .change(numbers, |cell| Arc::make_mut(cell.get_or_insert_default()).push(Arc::clone(entry)));
        }
    }

    /// Takes a policy out again.
    pub(in crate::policy::cedar) fn leave(&mut self, entry: &Arc<Entry>) {
        for keys in places(&entry.scope) {
            let numbers = self.numbers(&keys, Axis::leave);
            self.cells.change(numbers, |cell| {
                let Some(entries) = cell.as_mut().map(Arc::make_mut) else { return };
                entries.retain(|other| !Arc::ptr_eq(other, entry));
                if entries.is_empty() {
                    *cell = None;
                }
            });
        }
    }

    fn numbers(&mut self, keys: &[Key; 3], number: impl Fn(&mut Axis, &Key) -> Option<u32>) -> [u32; 3] {
        let [principal, action, resource] = &mut self.axes;
        let [first, second, third] = keys;
        [(principal, first), (action, second), (resource, third)]
            .map(|(axis, key)| number(axis, key).unwrap_or(ANY))
    }

    /// How many cells there are.
    #[cfg(test)]
    pub(in crate::policy::cedar) const fn cell_count(&self) -> usize {
        self.cells.count()
    }

    /// Every policy whose scope could admit a call of these, and few others; each once, in no order.
    pub(in crate::policy::cedar) fn about(&self, lineages: &Lineages) -> Vec<&Arc<Entry>> {
        let mut found = Vec::new();
        let mut about =
            self.axes.iter().zip(lineages).map(|(axis, lineage)| Some(axis.about(lineage.as_ref()?)));
        if let (Some(Some(principals)), Some(Some(actions)), Some(Some(resources))) =
            (about.next(), about.next(), about.next())
        {
            for &principal in &principals {
                for &action in &actions {
                    for &resource in &resources {
                        let cell = self.cells.find(&[principal, action, resource]);
                        found.extend(cell.into_iter().flat_map(|cell| cell.iter()));
                    }
                }
            }
        } else {
            // Only what could be asked of a tool leaves something open, and not where it counts how long that takes.
            let all = self.cells.iter().flat_map(|(_, cell)| cell.iter());
            found.extend(all.filter(|entry| entry.scope.admits(lineages)));
        }
        once(found)
    }
}

/// The keys that a scope is found by: one triple for each action of its list.
fn places(scope: &Scope) -> Vec<[Key; 3]> {
    let [principals, actions, resources] = scope.0.each_ref().map(Key::of);
    let mut places = Vec::with_capacity(actions.len());
    for action in &actions {
        for principal in &principals {
            for resource in &resources {
                places.push([principal.clone(), action.clone(), resource.clone()]);
            }
        }
    }
    places
}

/// A policy that lists several actions stands in several cells.
fn once(mut found: Vec<&Arc<Entry>>) -> Vec<&Arc<Entry>> {
    if found.len() > 1 {
        found.sort_unstable_by_key(|entry| Arc::as_ptr(entry));
        found.dedup_by_key(|entry| Arc::as_ptr(entry));
    }
    found
}
