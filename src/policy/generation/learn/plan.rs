//! [`Lesson::plans`]: the cells as policies to be, each knowing what it rests on. Imports cells, lifting and conditions.

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::generation::EntityRef;
use crate::policy::generation::config::ArgumentMode;
use crate::policy::generation::learn::arguments::{Arguments, Askable, conditions};
use crate::policy::generation::learn::merge::{Piece, merged};
use crate::policy::generation::learn::spelled::spelled;
use crate::policy::generation::learn::subjects::subjects;
use crate::policy::generation::learn::targets::targets;
use crate::policy::generation::learn::{Lesson, Rung};
use crate::policy::generation::write::{Clause, Draft, Subject, Target, When, clauses_text};

/// Most operators of the conditions of one policy; Cedar's reader takes 1,000 with everything else.
const OPERATORS_MAX: usize = 600;

/// Longest text of the conditions of one policy, in bytes.
const TEXT_MAX_BYTES: usize = 16 * 1024;

/// A policy to be.
#[derive(Clone, Debug)]
pub(in crate::policy::generation) struct Plan {
    pub(in crate::policy::generation) draft: Draft,
    /// The cells that it is of.
    pub(in crate::policy::generation) cells: BTreeSet<usize>,
    /// The allowed calls that it is there for.
    pub(in crate::policy::generation) samples: BTreeSet<usize>,
}

/// Plans, and the calls that there can be none for.
#[derive(Clone, Debug, Default)]
pub(in crate::policy::generation) struct Spelling {
    /// In the order of whom, on what, when and what.
    pub(in crate::policy::generation) plans: Vec<Plan>,
    /// Allowed calls that nothing tells from a denied one.
    pub(in crate::policy::generation) inseparable: BTreeSet<usize>,
}

/// What cells must have in common to be told of together.
type Key<'l> = (&'l Subject, &'l EntityRef, &'l Target, Rung);

impl Lesson<'_> {
    /// Policies for all cells but the calls in `lost`, each cell as closely as its rung has it.
    pub(in crate::policy::generation) fn plans(&self, lost: &BTreeSet<usize>) -> Spelling {
        let subjects = subjects(self);
        let targets = targets(self, &subjects);
        let mut alike: BTreeMap<Key<'_>, BTreeSet<usize>> = BTreeMap::new();
        for ((number, cell), (subject, target)) in
            self.cells.iter().enumerate().zip(subjects.iter().zip(&targets))
        {
            alike.entry((subject, &cell.action, target, cell.rung)).or_default().insert(number);
        }
        let askable = if self.reads_arguments() { Askable::of(self) } else { BTreeMap::new() };
        let unknown = Askable::default();
        let mut pieces = Vec::new();
        let mut inseparable = BTreeSet::new();
        for ((subject, action, target, rung), cells) in alike {
            let samples: BTreeSet<usize> =
                self.samples_of(&cells).into_iter().filter(|number| !lost.contains(number)).collect();
            if samples.is_empty() {
                continue;
            }
            let askable = askable.get(action).unwrap_or(&unknown);
            let piece = |when: When, samples: BTreeSet<usize>| Piece {
                subject: subject.clone(),
                action: action.clone(),
                target: target.clone(),
                when,
                cells: cells.clone(),
                samples,
            };
            if rung == Rung::Spelled {
                let (lists, left_over) = self.spelled(&cells, &samples, askable);
                inseparable.extend(left_over);
                pieces.extend(lists.into_iter().map(|(when, samples)| piece(when, samples)));
            } else {
                pieces.push(piece(self.common(&samples, rung, askable), samples));
            }
        }
        Spelling { plans: merged(pieces, self.tenant), inseparable }
    }

    /// Whether any policy will be about arguments.
    fn reads_arguments(&self) -> bool {
        self.config.arguments != ArgumentMode::None || self.cells.iter().any(|cell| cell.rung >= Rung::Listed)
    }

    /// What the arguments of these samples have in common.
    fn common(&self, samples: &BTreeSet<usize>, rung: Rung, askable: &Askable) -> When {
        let mode = match self.config.arguments {
            ArgumentMode::None if rung < Rung::Listed => return When::new(),
            _ if rung == Rung::Listed => ArgumentMode::Enum,
            mode => mode,
        };
        let arguments: Vec<Arguments> = samples.iter().filter_map(|number| self.arguments(*number)).collect();
        let clauses = conditions(&arguments, mode, &self.secrets, askable);
        if clauses.is_empty() { When::new() } else { vec![clauses] }
    }

    fn arguments(&self, sample: usize) -> Option<Arguments> {
        Some(Arguments::of(self.samples.get(sample)?.call))
    }

    /// The arguments of each of these samples, in lists as long as a policy can be, with the samples of each list; and the samples that
    /// nothing tells from denied calls.
    fn spelled(
        &self,
        cells: &BTreeSet<usize>,
        samples: &BTreeSet<usize>,
        askable: &Askable,
    ) -> (Vec<(When, BTreeSet<usize>)>, Vec<usize>) {
        let denied = self.denied_in(cells);
        let mut lists: BTreeMap<Vec<Clause>, BTreeSet<usize>> = BTreeMap::new();
        let mut inseparable = Vec::new();
        for number in samples {
            let clauses =
                self.arguments(*number).and_then(|own| spelled(&own, &denied, &self.secrets, askable));
            match clauses {
                Some(clauses) => {
                    lists.entry(clauses).or_default().insert(*number);
                }
                None => inseparable.push(*number),
            }
        }
        (in_portions(lists), inseparable)
    }

    /// The arguments of the denied calls of these cells.
    fn denied_in(&self, cells: &BTreeSet<usize>) -> Vec<Arguments> {
        let keys: BTreeSet<[&EntityRef; 3]> = cells
            .iter()
            .filter_map(|number| self.cells.get(*number))
            .map(|cell| [&cell.principal, &cell.action, &cell.resource])
            .collect();
        let denied = self.samples.iter().filter(|sample| {
            sample.must_stay_denied()
                && keys.contains(&[&sample.call.principal, &sample.call.action, &sample.call.resource])
        });
        denied.map(|sample| Arguments::of(sample.call)).collect()
    }
}

fn in_portions(lists: BTreeMap<Vec<Clause>, BTreeSet<usize>>) -> Vec<(When, BTreeSet<usize>)> {
    let mut portions: Vec<(When, BTreeSet<usize>)> = Vec::new();
    let (mut operators, mut bytes) = (0, 0);
    for (clauses, samples) in lists {
        let text = clauses_text(&clauses);
        // Those within strings are counted too: better one policy more than one that cannot be read.
        let signs = text.bytes().filter(|byte| b"&|.!([".contains(byte)).count() + 4;
        operators += signs;
        bytes += text.len();
        match portions.last_mut() {
            Some((when, together)) if operators <= OPERATORS_MAX && bytes <= TEXT_MAX_BYTES => {
                when.push(clauses);
                together.extend(samples);
            }
            _ => {
                (operators, bytes) = (signs, text.len());
                portions.push((vec![clauses], samples));
            }
        }
    }
    portions
}
