//! Conditions that never hold together, so that their rule never decides. What never holds by itself is a mistake that loading
//! tells.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use crate::model::document::child_pointer;

/// The bounds a parameter may be given: the key, whether it is a lower one, whether the value itself is outside.
const BOUNDS: [(&str, bool, bool); 4] = [
    ("param_gt", true, true),
    ("param_gte", true, false),
    ("param_lt", false, true),
    ("param_lte", false, false),
];

/// A bound on a parameter, as written.
struct Bound<'c> {
    key: &'static str,
    parameter: &'c str,
    value: &'c Value,
    is_lower: bool,
    is_strict: bool,
}

/// What never holds among `conditions`: the pointer below them, and why.
pub(super) fn never(conditions: &Map<String, Value>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let bounds: Vec<Bound<'_>> = BOUNDS
        .into_iter()
        .flat_map(|(key, is_lower, is_strict)| {
            members(conditions, key).map(move |(parameter, value)| Bound {
                key,
                parameter,
                value,
                is_lower,
                is_strict,
            })
        })
        .collect();
    for upper in bounds.iter().filter(|bound| !bound.is_lower) {
        let meets = |lower: &&Bound<'_>| lower.is_lower && lower.parameter == upper.parameter;
        if let Some(lower) = bounds.iter().filter(meets).find(|lower| exclude(lower, upper)) {
            let why = format!("no value is below this and above what {} says of it", lower.key);
            found.push((pointer(upper.key, upper.parameter), why));
        }
    }
    for (parameter, value) in members(conditions, "param_eq") {
        let excluded = |bound: &&Bound<'_>| bound.parameter == parameter && bound.excludes(value);
        if let Some(bound) = bounds.iter().find(excluded) {
            let why = format!("{} does not let it have this value", bound.key);
            found.push((pointer("param_eq", parameter), why));
        }
    }
    found
}

fn members<'c>(conditions: &'c Map<String, Value>, key: &str) -> impl Iterator<Item = (&'c str, &'c Value)> {
    let members = conditions.get(key).and_then(Value::as_object);
    members.into_iter().flatten().map(|(parameter, value)| (parameter.as_str(), value))
}

fn pointer(key: &str, parameter: &str) -> String {
    child_pointer(&format!("/{key}"), parameter)
}

/// Whether no value is within both.
fn exclude(lower: &Bound<'_>, upper: &Bound<'_>) -> bool {
    match order(lower.value, upper.value) {
        Some(Ordering::Greater) => true,
        Some(Ordering::Equal) => lower.is_strict || upper.is_strict,
        _ => false,
    }
}

impl Bound<'_> {
    fn excludes(&self, value: &Value) -> bool {
        match order(value, self.value) {
            Some(Ordering::Less) => self.is_lower,
            Some(Ordering::Greater) => !self.is_lower,
            Some(Ordering::Equal) => self.is_strict,
            None => false,
        }
    }
}

/// How two values compare; `None` where they have no order, or one that is not sure.
fn order(one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::String(one), Value::String(other)) => Some(one.cmp(other)),
        (Value::Number(one), Value::Number(other)) => match (one.as_i128(), other.as_i128()) {
            (Some(one), Some(other)) => Some(one.cmp(&other)),
            _ => one.as_f64()?.partial_cmp(&other.as_f64()?),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_never_holds_is_found_and_nothing_else() {
        for (conditions, places) in [
            (json!({}), &[][..]),
            (json!({"param_gt": {"a": 5}, "param_lt": {"a": 5}}), &["/param_lt/a"]),
            (json!({"param_gt": {"a": 5}, "param_lt": {"b": 5}}), &[]),
            (json!({"param_gte": {"a": 5}, "param_lte": {"a": 5.0}}), &[]),
            (json!({"param_gte": {"a": 6}, "param_lte": {"a": 5.5}}), &["/param_lte/a"]),
            (json!({"param_gt": {"a/b": "x"}, "param_lt": {"a/b": "b"}}), &["/param_lt/a~1b"]),
            (json!({"param_gt": {"a": "x"}, "param_lt": {"a": 1}}), &[]),
            (json!({"param_eq": {"a": 5}, "param_gt": {"a": 5}}), &["/param_eq/a"]),
            (json!({"param_eq": {"a": 4}, "param_gte": {"a": 5}}), &["/param_eq/a"]),
            (json!({"param_eq": {"a": 6}, "param_gte": {"a": 5}, "param_lt": {"a": 7}}), &[]),
        ] {
            let found = never(conditions.as_object().unwrap());
            let found: Vec<_> = found.iter().map(|(place, _)| place.as_str()).collect();
            assert_eq!(found, places, "{conditions}");
        }
    }
}
