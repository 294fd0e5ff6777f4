//! [`Askable`]: which arguments policies can be about without denying what was allowed. Imports arguments and names.
//!
//! A policy that reads a value which Cedar cannot say, such as null, denies the call; and it reads whatever its conditions name, if only
//! its scope fits. So no policy about an action names what some allowed call of that action holds such a value at, or in, or around.

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::generation::EntityRef;
use crate::policy::generation::entity::is_name;
use crate::policy::generation::learn::Lesson;
use crate::policy::generation::learn::arguments::{Arguments, Leaf};

/// Which arguments of one action policies can be about.
#[derive(Clone, Debug, Default)]
pub(in crate::policy::generation::learn) struct Askable {
    unsayable: BTreeSet<Vec<String>>,
}

impl Askable {
    /// Whether a policy can ask for the argument at `path`. What is around a name in quotes is read whole.
    pub(in crate::policy::generation::learn) fn allows(&self, path: &[String]) -> bool {
        let quoted = path.iter().rposition(|name| !is_name(name));
        let read = quoted.map_or(Some(path), |at| path.get(..at)).unwrap_or_default();
        !self.unsayable.iter().any(|other| other.starts_with(read) || read.starts_with(other))
    }

    /// For each action of `lesson`.
    pub(in crate::policy::generation::learn) fn of<'l>(
        lesson: &'l Lesson<'_>,
    ) -> BTreeMap<&'l EntityRef, Self> {
        let mut of_action: BTreeMap<&EntityRef, Self> = BTreeMap::new();
        for cell in &lesson.cells {
            let askable = of_action.entry(&cell.action).or_default();
            for sample in cell.samples.iter().filter_map(|number| lesson.samples.get(*number)) {
                if let Arguments::Known(leaves) = Arguments::of(sample.call) {
                    let unsayable = leaves.into_iter().filter(|(_, leaf)| *leaf == Leaf::Unsayable);
                    askable.unsayable.extend(unsayable.map(|(path, _)| path));
                }
            }
        }
        of_action
    }
}
