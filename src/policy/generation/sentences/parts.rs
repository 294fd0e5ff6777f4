//! Operators and values of conditions. Imports drafts.

use std::collections::BTreeSet;

use crate::policy::cedar::Effect;
use crate::policy::generation::sentences::grammar::{Expected, Words};
use crate::policy::generation::write::{Clause, Scalar, Test};

/// What a sentence says of an argument.
pub(super) struct Condition {
    path: Vec<String>,
    test: Test,
    /// That it is not so.
    not: bool,
}

/// What a condition is as clauses of a policy. Where the argument is missing, nothing is allowed for it, and what must not be so is denied.
pub(super) fn clauses(condition: Condition, effect: Effect) -> Vec<Clause> {
    let Condition { path, test, not } = condition;
    match (not, effect) {
        (false, _) => vec![Clause::Is(path, without_dots(test, effect))],
        (true, Effect::Permit) => vec![Clause::There(path.clone()), Clause::IsNot(path, test)],
        (true, Effect::Forbid) => vec![Clause::IsNot(path, test)],
    }
}

/// What begins in a folder and is allowed for that must not lead out of it.
fn without_dots(test: Test, effect: Effect) -> Test {
    match test {
        Test::StartsWith { prefix, .. } => {
            let dots = effect == Effect::Forbid || prefix.contains("..");
            Test::StartsWith { prefix, dots }
        }
        other => other,
    }
}

/// Reads what stands behind the name of an argument.
pub(super) fn operator(words: &mut Words, path: Vec<String>) -> Result<Condition, Expected> {
    let condition = |test, not| Ok(Condition { path, test, not });
    if let Some(place) = words.take(&["<", "<=", ">", ">="]) {
        return condition(compared(place, words)?, false);
    }
    if words.take(&["==", "=", "equals"]).is_some() {
        return condition(Test::Equals(value(words)?), false);
    }
    if words.take(&["!="]).is_some() {
        return condition(Test::Equals(value(words)?), true);
    }
    if words.take(&["starts", "begins"]).is_some() {
        words.take(&["with"]).ok_or("`with` behind `starts`")?;
        let (prefix, _) = words.text().filter(|(text, _)| !text.is_empty()).ok_or("how it starts")?;
        return condition(Test::StartsWith { prefix, dots: true }, false);
    }
    words
        .take(&["is"])
        .ok_or("`is`, `equals`, `starts with` or a comparison behind the name of an argument")?;
    let not = words.take(&["not"]).is_some();
    if words.take(&["one"]).is_some() {
        words.take(&["of"]).ok_or("`of` behind `one`")?;
        return condition(Test::OneOf(values(words)?), not);
    }
    let bound = if not { None } else { bound(words)? };
    match bound {
        Some(place) => condition(compared(place, words)?, false),
        None => condition(Test::Equals(value(words)?), not),
    }
}

/// A comparison in words: its place among the signs.
fn bound(words: &mut Words) -> Result<Option<usize>, Expected> {
    if words.take(&["at"]).is_some() {
        let place = words.take(&["most", "least"]).ok_or("`least` or `most` behind `at`")?;
        return Ok(Some(if place == 0 { 1 } else { 3 }));
    }
    if let Some(place) = words.take(&["less", "more", "greater"]) {
        words.take(&["than"]).ok_or("`than` behind `less` or `more`")?;
        return Ok(Some(if place == 0 { 0 } else { 2 }));
    }
    Ok(words.take(&["below", "above"]).map(|place| place * 2))
}

fn compared(place: usize, words: &mut Words) -> Result<Test, Expected> {
    let Scalar::Long(value) = value(words)? else { return Err("an integer") };
    Ok(match place {
        0 => Test::Below(value),
        1 => Test::AtMost(value),
        2 => Test::Above(value),
        _ => Test::AtLeast(value),
    })
}

fn values(words: &mut Words) -> Result<BTreeSet<Scalar>, Expected> {
    let mut values = BTreeSet::from([value(words)?]);
    loop {
        let comma = words.take(&[","]).is_some();
        if !(words.take(&["or"]).is_some() || comma) {
            break;
        }
        values.insert(value(words)?);
    }
    let kinds: BTreeSet<_> =
        values.iter().map(std::mem::discriminant).map(|kind| format!("{kind:?}")).collect();
    if kinds.len() == 1 { Ok(values) } else { Err("values of one type") }
}

/// A word is a text, unless it is an integer or a truth value. What only looks like a number is neither.
fn value(words: &mut Words) -> Result<Scalar, Expected> {
    let (text, quoted) = words.text().ok_or("a value")?;
    if quoted {
        return Ok(Scalar::Text(text));
    }
    if let Ok(value) = text.parse() {
        return Ok(Scalar::Long(value));
    }
    let is_number_like =
        text.trim_start_matches(['-', '+', '.']).starts_with(|first: char| first.is_ascii_digit());
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(Scalar::Bool(true)),
        "false" => Ok(Scalar::Bool(false)),
        _ if is_number_like => Err("an integer, or a text in quotes"),
        _ => Ok(Scalar::Text(text)),
    }
}
