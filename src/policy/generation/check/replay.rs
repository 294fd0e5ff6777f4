//! [`Trial`]: plans as an engine, asked about what was seen. Imports plans and the engine.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::policy::cedar::{Change, Engine, Mode};
use crate::policy::generation::check::Proven;
use crate::policy::generation::learn::Lesson;
use crate::policy::generation::observe::Call;

/// What the policies of a trial are called, before their number.
const NEW: &str = "new:";

/// The present forbids and the policies to be, together.
#[derive(Clone, Debug)]
pub(in crate::policy::generation) struct Trial(Engine);

/// What a trial says of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) allowed: bool,
    /// The numbers of the policies that allow it.
    pub(super) by: BTreeSet<usize>,
}

impl Trial {
    /// `forbids`, and the policies of `proven`, called by their numbers.
    pub(in crate::policy::generation) fn of<'p>(
        forbids: &Engine,
        proven: impl IntoIterator<Item = &'p Proven>,
    ) -> Self {
        let changes = proven.into_iter().enumerate().map(|(number, proven)| Change::Put {
            id: format!("{NEW}{number}").into(),
            policy: proven.canonical.clone(),
            mode: Mode::Active,
        });
        Self(forbids.changed(changes))
    }

    /// What it says of `call`; `None` if it cannot be asked.
    pub(super) fn say(&self, call: &Call) -> Option<Said> {
        let verdict = self.0.authorize(&call.asked().ok()?);
        let number = |id: &Arc<str>| id.strip_prefix(NEW)?.parse().ok();
        let passes = call.passes(&verdict);
        let by =
            if passes { verdict.determining.iter().filter_map(number).collect() } else { BTreeSet::new() };
        Some(Said { allowed: passes, by })
    }

    /// The denied calls that it would allow, with the policies that do; `Err` with one that it cannot be asked about.
    pub(super) fn slips(&self, lesson: &Lesson<'_>) -> Result<Vec<(usize, BTreeSet<usize>)>, usize> {
        let mut slips = Vec::new();
        for (number, sample) in
            lesson.samples.iter().enumerate().filter(|(_, sample)| sample.must_stay_denied())
        {
            let said = self.say(sample.call).ok_or(number)?;
            if said.allowed {
                slips.push((number, said.by));
            }
        }
        Ok(slips)
    }
}
