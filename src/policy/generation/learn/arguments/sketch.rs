//! [`conditions`]: what the arguments of many calls have in common, as conditions that all of them meet. Imports conditions and secrets.

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::generation::config::ArgumentMode;
use crate::policy::generation::learn::arguments::{Arguments, Askable, Leaf, Secrets};
use crate::policy::generation::write::{Clause, Scalar, Test, clauses_text};

/// Most values that are listed.
const LISTED_MAX: usize = 16;

/// Most arguments that a policy is about.
const CLAUSES_MAX: usize = 24;

/// Longest text of all conditions together, in bytes: a policy has 64 KiB.
const TEXT_MAX_BYTES: usize = 16 * 1024;

/// What a prefix may end with.
const SEPARATORS: [char; 10] = ['/', ':', '.', '-', '_', ' ', '@', '?', '=', '#'];

/// What of one place many calls hold.
#[derive(Default)]
struct Place<'a> {
    calls: usize,
    values: BTreeSet<&'a Scalar>,
    /// Something that policies cannot be about.
    other: bool,
}

/// What `calls` have in common, in the order of the names. Every one of them meets all of it. What cannot be said is left out: then the
/// policy says less.
pub(in crate::policy::generation::learn) fn conditions(
    calls: &[Arguments],
    mode: ArgumentMode,
    secrets: &Secrets,
    askable: &Askable,
) -> Vec<Clause> {
    let mut places: BTreeMap<&[String], Place<'_>> = BTreeMap::new();
    for call in calls {
        match call {
            // Asking for a member of a list fails.
            Arguments::Odd => return Vec::new(),
            Arguments::Unknown => {}
            Arguments::Known(leaves) => {
                for (path, leaf) in leaves {
                    let place = places.entry(path).or_default();
                    place.calls += 1;
                    match leaf {
                        Leaf::Scalar(value) => {
                            place.values.insert(value);
                        }
                        Leaf::Other | Leaf::Unsayable => place.other = true,
                    }
                }
            }
        }
    }
    let mut found = Vec::new();
    let mut bytes = 0;
    for (path, place) in &places {
        if place.other || secrets.hide_path(path) || leads_through(path, &places) || !askable.allows(path) {
            continue;
        }
        let Some(test) = test(&place.values, mode, secrets) else { continue };
        let path = path.to_vec();
        let clause =
            if place.calls == calls.len() { Clause::Is(path, test) } else { Clause::IfThere(path, test) };
        let length = clauses_text(std::slice::from_ref(&clause)).len();
        if found.len() < CLAUSES_MAX && bytes + length <= TEXT_MAX_BYTES {
            bytes += length;
            found.push(clause);
        }
    }
    found
}

/// Whether one call has a value where another has an object: asking for what is in a value fails.
fn leads_through(path: &[String], places: &BTreeMap<&[String], Place<'_>>) -> bool {
    let above = (1..path.len()).filter_map(|length| path.get(..length)).any(|part| places.contains_key(part));
    // What is below a path comes right behind it.
    let mut behind =
        places.range::<[String], _>((std::ops::Bound::Excluded(path), std::ops::Bound::Unbounded));
    above || behind.next().is_some_and(|(next, _)| next.starts_with(path))
}

fn test(values: &BTreeSet<&Scalar>, mode: ArgumentMode, secrets: &Secrets) -> Option<Test> {
    if mode == ArgumentMode::None || values.iter().any(|value| secrets.hide_value(value)) {
        return None;
    }
    let longs: Vec<i64> = values
        .iter()
        .filter_map(|value| if let Scalar::Long(value) = value { Some(*value) } else { None })
        .collect();
    let texts: Vec<&str> = values
        .iter()
        .filter_map(|value| if let Scalar::Text(text) = value { Some(text.as_str()) } else { None })
        .collect();
    let of_one_type = [values.len() - longs.len() - texts.len(), longs.len(), texts.len()];
    if !of_one_type.contains(&values.len()) {
        return None;
    }
    let range = || Some(Test::Between(*longs.first()?, *longs.last()?));
    let generalized = match mode {
        ArgumentMode::None | ArgumentMode::Enum => None,
        ArgumentMode::Range => range(),
        ArgumentMode::Prefix => range().or_else(|| prefix(&texts)),
    };
    generalized.or_else(|| listed(values)).or_else(range).or_else(|| prefix(&texts))
}

fn listed(values: &BTreeSet<&Scalar>) -> Option<Test> {
    match values.iter().next() {
        Some(only) if values.len() == 1 => Some(Test::Equals((*only).clone())),
        Some(_) if values.len() <= LISTED_MAX => Some(Test::OneOf(values.iter().copied().cloned().collect())),
        _ => None,
    }
}

/// How all of them begin, up to a separator. More than separators, or nothing.
fn prefix(texts: &[&str]) -> Option<Test> {
    // They are sorted: what first and last have in common, all have.
    let (first, last) = (*texts.first()?, *texts.last()?);
    let equal: usize = first
        .chars()
        .zip(last.chars())
        .take_while(|(one, other)| one == other)
        .map(|(one, _)| one.len_utf8())
        .sum();
    let common = first.get(..equal)?;
    let end = common.rfind(SEPARATORS)? + 1;
    let prefix = common.get(..end)?;
    let says_something = prefix.chars().any(|letter| !SEPARATORS.contains(&letter));
    let dots = texts.iter().any(|text| text.contains(".."));
    says_something.then(|| Test::StartsWith { prefix: prefix.to_owned(), dots })
}
