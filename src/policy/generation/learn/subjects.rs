//! Subject lifting: a group in the place of its members, where those of it who were active did the same. Imports cells.

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::generation::EntityRef;
use crate::policy::generation::learn::cell::groups;
use crate::policy::generation::learn::{Cell, Lesson, Rung};
use crate::policy::generation::write::Subject;

/// A group of one is its member: there is nothing to be lifted.
const USERS_MIN: usize = 2;

/// From this many active members on, most of them are enough.
const CROWD_MIN: usize = 3;

/// How many of a hundred are most.
const MOST_PERCENT: usize = 80;

/// Whom the policies of each cell name.
pub(super) fn subjects(lesson: &Lesson<'_>) -> Vec<Subject> {
    let mut subjects: Vec<Subject> =
        lesson.cells.iter().map(|cell| Subject::Is(cell.principal.clone())).collect();
    let mut alike: BTreeMap<[&EntityRef; 2], Vec<usize>> = BTreeMap::new();
    for (number, cell) in lesson.cells.iter().enumerate() {
        if cell.rung == Rung::Configured {
            alike.entry([&cell.action, &cell.resource]).or_default().push(number);
        }
    }
    for cells in alike.values() {
        for (group, users) in lifted(lesson, cells) {
            for number in users {
                if let Some(subject) = subjects.get_mut(number) {
                    *subject = Subject::In(group.clone());
                }
            }
        }
    }
    subjects
}

/// Groups that stand for several of `cells`, each with the cells it stands for. The largest first; no cell has two.
fn lifted<'o>(lesson: &Lesson<'o>, cells: &[usize]) -> Vec<(&'o EntityRef, BTreeSet<usize>)> {
    let mut users: BTreeMap<&'o EntityRef, BTreeSet<usize>> = BTreeMap::new();
    for number in cells {
        let Some(cell) = lesson.cells.get(*number) else { continue };
        for group in common_groups(lesson, cell) {
            users.entry(group).or_default().insert(*number);
        }
    }
    let mut fitting: Vec<(&'o EntityRef, BTreeSet<usize>)> =
        users.into_iter().filter(|(group, users)| stands_for(lesson, group, users.len())).collect();
    // Stable, so that of two of one size the first by name comes first.
    fitting.sort_by_key(|(_, users)| std::cmp::Reverse(users.len()));
    let mut left: BTreeSet<usize> = cells.iter().copied().collect();
    let mut chosen = Vec::new();
    for (group, users) in fitting {
        let fresh: BTreeSet<usize> = users.intersection(&left).copied().collect();
        if fresh.len() >= USERS_MIN {
            left.retain(|number| !fresh.contains(number));
            chosen.push((group, fresh));
        }
    }
    chosen
}

/// The groups that the principal of a cell was in at each of its calls.
fn common_groups<'o>(lesson: &Lesson<'o>, cell: &Cell) -> BTreeSet<&'o EntityRef> {
    let mut calls = cell.samples.iter().filter_map(|number| lesson.samples.get(*number));
    let in_groups = |call: &'o _| groups(call, lesson.config.granularity).iter().collect::<BTreeSet<_>>();
    let first = calls.next().map(|sample| in_groups(sample.call)).unwrap_or_default();
    calls.fold(first, |common, sample| common.intersection(&in_groups(sample.call)).copied().collect())
}

fn stands_for(lesson: &Lesson<'_>, group: &EntityRef, users: usize) -> bool {
    let active = lesson.members.get(group).map_or(0, BTreeSet::len);
    users >= USERS_MIN && (users >= active || (active >= CROWD_MIN && users * 100 >= active * MOST_PERCENT))
}
