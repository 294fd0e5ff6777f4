//! [`verified`]: plans are put to the engine, narrowed until every denied call stays denied, and refused unless every allowed one is
//! allowed. Imports the rest of the check.

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::cedar::{CedarPolicy, CedarSchema};
use crate::policy::generation::check::minimal::needed;
use crate::policy::generation::check::{Forbids, Trial};
use crate::policy::generation::learn::{Cell, Lesson, Plan, Rung};
use crate::policy::generation::write::canonical;

/// Most plans of a run: more than any run may end with, since some turn out not to be needed.
const PLANS_MAX: usize = 4000;

/// How often plans are narrowed. Each time at least one cell goes down a rung, and all that must go down do so at once.
const ROUNDS_MAX: usize = 64;

/// A plan as a policy that can be read.
#[derive(Clone, Debug)]
pub(in crate::policy::generation) struct Proven {
    pub(in crate::policy::generation) plan: Plan,
    pub(in crate::policy::generation) canonical: CedarPolicy,
}

/// What came through, and what did not.
#[derive(Clone, Debug, Default)]
pub(in crate::policy::generation) struct Gate {
    /// Policies that together allow every call they are there for, and no denied one. None can be left out.
    pub(in crate::policy::generation) proven: Vec<Proven>,
    /// Allowed calls that nothing tells from denied ones.
    pub(in crate::policy::generation) inseparable: BTreeSet<usize>,
    /// Plans that would be no policies of the schema, or none at all, and why.
    pub(in crate::policy::generation) invalid: Vec<(Plan, String)>,
    /// The denied calls that each cell's policies would have allowed, had they not been narrowed.
    pub(in crate::policy::generation) narrowed: BTreeMap<usize, BTreeSet<usize>>,
}

/// Policies for the cells of `lesson` that are true.
///
/// # Errors
/// Why there are none: sentences for people.
pub(in crate::policy::generation) fn verified(
    lesson: &mut Lesson<'_>,
    forbids: &Forbids,
    schema: Option<&CedarSchema>,
) -> Result<Gate, Vec<String>> {
    let mut gate = Gate::default();
    for _ in 0..ROUNDS_MAX {
        let spelling = lesson.plans(&gate.inseparable);
        if !spelling.inseparable.is_empty() {
            gate.inseparable.extend(spelling.inseparable);
            continue;
        }
        if spelling.plans.len() > PLANS_MAX {
            return Err(vec![format!(
                "More than {PLANS_MAX} policies would be needed. Look at a shorter window, at fewer principals or actions, or let \
                 policies be about groups or paths."
            )]);
        }
        gate.read(spelling.plans, schema);
        let trial = Trial::of(forbids.alone(), &gate.proven);
        let slips = trial.slips(lesson).map_err(|number| vec![cannot_ask(lesson, number)])?;
        if slips.is_empty() {
            return gate.finish(lesson, forbids);
        }
        gate.narrow(lesson, &slips);
    }
    Err(vec!["The policies could not be narrowed so that every denied call stays denied.".to_owned()])
}

impl Gate {
    /// Makes policies of plans, and keeps what is none.
    fn read(&mut self, plans: Vec<Plan>, schema: Option<&CedarSchema>) {
        self.proven.clear();
        self.invalid.clear();
        for plan in plans {
            let read = canonical(&plan.draft).and_then(|policy| match schema {
                Some(schema) => schema.validate(&policy).map(|_| policy),
                None => Ok(policy),
            });
            match read {
                Ok(canonical) => self.proven.push(Proven { plan, canonical }),
                Err(problems) => self.invalid.push((plan, problems.to_string())),
            }
        }
    }

    /// Sends the cells of every policy that let a denied call through down a rung. What is on the last one is given up.
    fn narrow(&mut self, lesson: &mut Lesson<'_>, slips: &[(usize, BTreeSet<usize>)]) {
        let mut down: BTreeSet<usize> = BTreeSet::new();
        for (slipped, by) in slips {
            let action = lesson.samples.get(*slipped).map(|sample| &sample.call.action);
            for proven in by.iter().filter_map(|number| self.proven.get(*number)) {
                // An action may be in another that the policy names.
                let names_it = action.is_some_and(|action| proven.plan.draft.actions.contains(action));
                for number in &proven.plan.cells {
                    let about = |cell: &&Cell| !names_it || Some(&cell.action) == action;
                    let Some(cell) = lesson.cells.get(*number).filter(about) else { continue };
                    self.narrowed.entry(*number).or_default().insert(*slipped);
                    if cell.rung == Rung::Spelled {
                        // What is spelled out differently than it is read: it is not tried again.
                        let of_cell = |sample: &&usize| cell.samples.contains(sample);
                        self.inseparable.extend(proven.plan.samples.iter().filter(of_cell));
                    }
                    down.insert(*number);
                }
            }
        }
        for number in down {
            if let Some(cell) = lesson.cells.get_mut(number) {
                cell.rung = cell.rung.next().unwrap_or(cell.rung);
            }
        }
    }

    /// Every allowed call is asked about; policies that are not needed go; both questions are asked again of the rest.
    fn finish(mut self, lesson: &Lesson<'_>, forbids: &Forbids) -> Result<Self, Vec<String>> {
        let must: BTreeSet<usize> =
            self.proven.iter().flat_map(|proven| proven.plan.samples.iter().copied()).collect();
        let trial = Trial::of(forbids.alone(), &self.proven);
        let by = allowed_by(&trial, lesson, &must)?;
        let needed = needed(self.proven.len(), &by);
        if needed.len() == self.proven.len() {
            return Ok(self);
        }
        let mut number = 0;
        self.proven.retain(|_| {
            number += 1;
            needed.contains(&(number - 1))
        });
        let trial = Trial::of(forbids.alone(), &self.proven);
        allowed_by(&trial, lesson, &must)?;
        match trial.slips(lesson) {
            Ok(slips) if slips.is_empty() => Ok(self),
            Ok(_) => Err(vec!["A call that was denied would be allowed.".to_owned()]),
            Err(number) => Err(vec![cannot_ask(lesson, number)]),
        }
    }
}

/// By which policies each call is allowed that must be.
fn allowed_by(
    trial: &Trial,
    lesson: &Lesson<'_>,
    must: &BTreeSet<usize>,
) -> Result<Vec<BTreeSet<usize>>, Vec<String>> {
    let mut by = Vec::with_capacity(must.len());
    for number in must {
        let said = lesson.samples.get(*number).and_then(|sample| trial.say(sample.call)).unwrap_or_default();
        if !said.allowed {
            let call = lesson.samples.get(*number).map(|sample| sample.call);
            let call = call.map(|call| format!("{} by {} on {}", call.action, call.principal, call.resource));
            return Err(vec![format!(
                "A call that was allowed would be denied: {}.",
                call.unwrap_or_default()
            )]);
        }
        by.push(said.by);
    }
    Ok(by)
}

fn cannot_ask(lesson: &Lesson<'_>, number: usize) -> String {
    let call = lesson.samples.get(number).map(|sample| sample.call);
    let call = call.map(|call| format!("{} by {} on {}", call.action, call.principal, call.resource));
    format!("Whether a denied call would stay denied cannot be told: {}.", call.unwrap_or_default())
}
