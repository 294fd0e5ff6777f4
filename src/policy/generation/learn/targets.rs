//! Resource lifting: a path in the place of what is below it, a type in the place of what is of it. Imports cells.

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::generation::EntityRef;
use crate::policy::generation::config::ResourceMode;
use crate::policy::generation::learn::{Lesson, Rung};
use crate::policy::generation::write::{Subject, Target};

/// How many resources below one path must have been used.
const SIBLINGS_MIN: usize = 8;

/// How many resources of one type must have been used.
const OF_TYPE_MIN: usize = 2;

/// On what the policies of each cell are, given whom they name.
pub(super) fn targets(lesson: &Lesson<'_>, subjects: &[Subject]) -> Vec<Target> {
    let mut targets: Vec<Target> =
        lesson.cells.iter().map(|cell| Target::Is(cell.resource.clone())).collect();
    if lesson.config.resources == ResourceMode::Exact {
        return targets;
    }
    let mut alike: BTreeMap<(&Subject, &EntityRef), Vec<usize>> = BTreeMap::new();
    for (number, (cell, subject)) in lesson.cells.iter().zip(subjects).enumerate() {
        if cell.rung == Rung::Configured {
            alike.entry((subject, &cell.action)).or_default().push(number);
        }
    }
    for cells in alike.values() {
        let lifted = match lesson.config.resources {
            ResourceMode::Exact => Vec::new(),
            ResourceMode::Prefix => paths(lesson, cells),
            ResourceMode::Any => types(lesson, cells),
        };
        for (target, numbers) in lifted {
            for number in numbers {
                if let Some(slot) = targets.get_mut(number) {
                    *slot = target.clone();
                }
            }
        }
    }
    targets
}

/// Types with two resources or more among `cells`.
fn types(lesson: &Lesson<'_>, cells: &[usize]) -> Vec<(Target, Vec<usize>)> {
    let mut of_type: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for number in cells {
        if let Some(cell) = lesson.cells.get(*number) {
            of_type.entry(cell.resource.kind()).or_default().push(*number);
        }
    }
    let fitting = of_type.into_iter().filter(|(_, cells)| resources(lesson, cells) >= OF_TYPE_MIN);
    fitting.map(|(kind, cells)| (Target::OfType(kind.to_owned()), cells)).collect()
}

/// Paths with eight resources or more among `cells`, the longest first; no cell has two.
fn paths(lesson: &Lesson<'_>, cells: &[usize]) -> Vec<(Target, Vec<usize>)> {
    let mut below: BTreeMap<&EntityRef, BTreeSet<usize>> = BTreeMap::new();
    for number in cells {
        for parent in common_parents(lesson, *number) {
            below.entry(parent).or_default().insert(*number);
        }
    }
    let mut candidates: Vec<(&EntityRef, BTreeSet<usize>)> = below.into_iter().collect();
    candidates.sort_by_key(|(parent, _)| std::cmp::Reverse(parent.id().len()));
    let mut left: BTreeSet<usize> = cells.iter().copied().collect();
    let mut chosen = Vec::new();
    for (parent, cells) in candidates {
        let fresh: Vec<usize> = cells.intersection(&left).copied().collect();
        if resources(lesson, &fresh) >= SIBLINGS_MIN {
            left.retain(|number| !fresh.contains(number));
            chosen.push((Target::In(parent.clone()), fresh));
        }
    }
    chosen
}

/// What is above the resource of a cell at each of its calls, of its own type: of a path the paths above, not the gateway.
fn common_parents<'o>(lesson: &Lesson<'o>, number: usize) -> BTreeSet<&'o EntityRef> {
    let Some(cell) = lesson.cells.get(number) else { return BTreeSet::new() };
    let mut calls = cell.samples.iter().filter_map(|number| lesson.samples.get(*number));
    let above = |sample: &crate::policy::generation::learn::Sample<'o>| {
        let call = sample.call;
        let parents = call.resource_parents.iter();
        parents.filter(|parent| parent.kind() == call.resource.kind()).collect::<BTreeSet<_>>()
    };
    let first = calls.next().map(above).unwrap_or_default();
    calls.fold(first, |common, sample| common.intersection(&above(sample)).copied().collect())
}

fn resources(lesson: &Lesson<'_>, cells: &[usize]) -> usize {
    let cells = cells.iter().filter_map(|number| lesson.cells.get(*number));
    cells.map(|cell| &cell.resource).collect::<BTreeSet<_>>().len()
}
