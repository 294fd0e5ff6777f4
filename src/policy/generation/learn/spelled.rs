//! The last rung: each allowed call by its own arguments, told from every denied one. Imports arguments and conditions.

use crate::policy::generation::entity::is_name;
use crate::policy::generation::learn::arguments::{Arguments, Askable, Leaf, Secrets};
use crate::policy::generation::write::{Clause, Scalar, Test};

/// Most arguments that one call is told by.
const TOLD_MAX: usize = 24;

/// Most arguments whose absence it is told by.
const ABSENT_MAX: usize = 16;

/// Conditions that `allowed` meets and none of `denied` does; `None` where there are none that can be said.
pub(super) fn spelled(
    allowed: &Arguments,
    denied: &[Arguments],
    secrets: &Secrets,
    askable: &Askable,
) -> Option<Vec<Clause>> {
    let mut clauses = told_by(allowed, secrets, askable);
    let mut absent = 0;
    for other in denied {
        if !admits(&clauses, other) {
            continue;
        }
        let clause = telling(allowed, other).filter(|clause| match clause {
            Clause::There(path) | Clause::Absent(path) => askable.allows(path),
            _ => false,
        })?;
        absent += 1;
        if absent > ABSENT_MAX {
            return None;
        }
        clauses.push(clause);
    }
    Some(clauses)
}

fn told_by(allowed: &Arguments, secrets: &Secrets, askable: &Askable) -> Vec<Clause> {
    let Arguments::Known(leaves) = allowed else { return Vec::new() };
    let told = leaves.iter().filter_map(|(path, leaf)| match leaf {
        Leaf::Scalar(value)
            if !secrets.hide_path(path) && !secrets.hide_value(value) && askable.allows(path) =>
        {
            Some(Clause::Is(path.clone(), Test::Equals(value.clone())))
        }
        _ => None,
    });
    told.take(TOLD_MAX).collect()
}

/// Something that is there in one of the two and not in the other.
fn telling(allowed: &Arguments, denied: &Arguments) -> Option<Clause> {
    match (allowed, denied) {
        (Arguments::Known(allowed), Arguments::Known(denied)) => {
            let apart = |path: &[String]| {
                !allowed.keys().any(|other| other.starts_with(path) || path.starts_with(other))
            };
            let plain = |path: &[String]| path.iter().all(|name| is_name(name));
            denied.keys().find(|path| plain(path) && apart(path)).cloned().map(Clause::Absent)
        }
        (Arguments::Known(_), Arguments::Unknown) => Some(Clause::There(Vec::new())),
        (Arguments::Unknown, Arguments::Known(_) | Arguments::Odd) => Some(Clause::Absent(Vec::new())),
        _ => None,
    }
}

/// Whether a call with those arguments meets all of `clauses`, as far as that is seen here. The engine is asked later in any case.
fn admits(clauses: &[Clause], arguments: &Arguments) -> bool {
    clauses.iter().all(|clause| match (clause, arguments) {
        (Clause::Absent(path), Arguments::Known(leaves)) => {
            !path.is_empty() && !leaves.keys().any(|other| other.starts_with(path))
        }
        (Clause::There(path), Arguments::Known(leaves)) => {
            path.is_empty() || leaves.keys().any(|other| other.starts_with(path))
        }
        (Clause::Is(path, Test::Equals(value)), Arguments::Known(leaves)) => holds(leaves.get(path), value),
        (Clause::Absent(path), Arguments::Unknown) => path.is_empty(),
        (Clause::There(path), Arguments::Odd) => path.is_empty(),
        // Nothing else is written here; what cannot be told may be.
        (Clause::Is(..), Arguments::Unknown | Arguments::Odd) => false,
        (Clause::There(_), Arguments::Unknown) | (Clause::Absent(_), Arguments::Odd) => false,
        _ => true,
    })
}

fn holds(leaf: Option<&Leaf>, value: &Scalar) -> bool {
    matches!(leaf, Some(Leaf::Scalar(other)) if other == value)
}
