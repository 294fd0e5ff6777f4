//! Comparing a parameter with a value of the policy, the way Python does: `1 == 1.0 == true`, numbers with numbers,
//! texts with texts, anything else is a type error.

use std::cmp::Ordering;

use serde_json::Value;

use crate::model::json::{Json, NumberValue};

/// Values of two types that have no order, or no membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TypeMismatch;

/// Whether the two are equal, at any depth.
pub(super) fn equal(actual: &Json<'_>, wanted: &Value) -> bool {
    if let (Some(actual), Some(wanted)) = (Magnitude::of_json(actual), Magnitude::of_value(wanted)) {
        return actual.compare(wanted) == Some(Ordering::Equal);
    }
    match (actual, wanted) {
        (Json::Null, Value::Null) => true,
        (Json::String(actual), Value::String(wanted)) => actual.as_str() == wanted,
        (Json::Array(actual), Value::Array(wanted)) => {
            actual.len() == wanted.len() && actual.iter().zip(wanted).all(|(a, w)| equal(a, w))
        }
        (Json::Object(actual), Value::Object(wanted)) => {
            actual.len() == wanted.len()
                && actual.iter().all(|(key, a)| wanted.get(key.as_str()).is_some_and(|w| equal(a, w)))
        }
        _ => false,
    }
}

/// How the parameter compares with the value: numbers (booleans are 0 and 1), or texts by code points.
pub(super) fn order(actual: &Json<'_>, wanted: &Value) -> Result<Option<Ordering>, TypeMismatch> {
    if let (Some(actual), Some(wanted)) = (Magnitude::of_json(actual), Magnitude::of_value(wanted)) {
        return Ok(actual.compare(wanted));
    }
    match (actual, wanted) {
        (Json::String(actual), Value::String(wanted)) => Ok(Some(actual.as_str().cmp(wanted.as_str()))),
        _ => Err(TypeMismatch),
    }
}

/// Whether the parameter contains the value: part of a text, element of a list, key of a map.
pub(super) fn contains(actual: &Json<'_>, wanted: &Value) -> Result<bool, TypeMismatch> {
    match (actual, wanted) {
        (Json::String(actual), Value::String(wanted)) => Ok(actual.as_str().contains(wanted.as_str())),
        (Json::Array(items), wanted) => Ok(items.iter().any(|item| equal(item, wanted))),
        (Json::Object(_), Value::String(wanted)) => Ok(actual.member(wanted).is_some()),
        (Json::Object(_), _) => Ok(false),
        _ => Err(TypeMismatch),
    }
}

/// A number whatever it was written as.
#[derive(Clone, Copy)]
enum Magnitude {
    Integer(i128),
    Decimal(f64),
}

impl Magnitude {
    fn of_json(value: &Json<'_>) -> Option<Self> {
        match value {
            Json::Bool(truth) => Some(Self::Integer(i128::from(*truth))),
            Json::Number(number) => Some(match number.value {
                NumberValue::Integer(integer) => Self::Integer(i128::from(integer)),
                NumberValue::Decimal(decimal) => Self::Decimal(decimal),
            }),
            _ => None,
        }
    }

    fn of_value(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(truth) => Some(Self::Integer(i128::from(*truth))),
            Value::Number(number) => {
                number.as_i128().map(Self::Integer).or_else(|| number.as_f64().map(Self::Decimal))
            }
            _ => None,
        }
    }

    /// Exact, also where an integer is too large for a double. `None` only for NaN, which no reader lets in.
    fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => Some(a.cmp(&b)),
            (Self::Decimal(a), Self::Decimal(b)) => a.partial_cmp(&b),
            (Self::Integer(a), Self::Decimal(b)) => compare_mixed(a, b),
            (Self::Decimal(a), Self::Integer(b)) => compare_mixed(b, a).map(Ordering::reverse),
        }
    }
}

fn compare_mixed(integer: i128, decimal: f64) -> Option<Ordering> {
    if decimal.is_nan() {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the cast saturates, and every integer here fits 64 bits"
    )]
    let whole = decimal.trunc() as i128;
    let by_fraction = || 0.0_f64.partial_cmp(&decimal.fract());
    match integer.cmp(&whole) {
        Ordering::Equal => by_fraction(),
        unequal => Some(unequal),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::json::Reader;

    fn actual(text: &str) -> Json<'_> {
        Reader::default().parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn equality_is_pythons() {
        for (text, wanted, same) in [
            ("1", json!(1.0), true),
            ("true", json!(1), true),
            ("0.0", json!(false), true),
            ("9007199254740993", json!(9_007_199_254_740_992.0), false),
            ("\"1\"", json!(1), false),
            ("[1,{\"a\":true}]", json!([1.0, {"a": 1}]), true),
            ("null", json!(null), true),
        ] {
            assert_eq!(equal(&actual(text), &wanted), same, "{text} and {wanted}");
        }
    }

    #[test]
    fn order_needs_comparable_types() {
        assert_eq!(order(&actual("101"), &json!(100)), Ok(Some(Ordering::Greater)));
        assert_eq!(order(&actual("-0.5"), &json!(0)), Ok(Some(Ordering::Less)));
        assert_eq!(order(&actual("\"b\""), &json!("a")), Ok(Some(Ordering::Greater)));
        assert_eq!(order(&actual("\"101\""), &json!(100)), Err(TypeMismatch));
        assert_eq!(contains(&actual("5"), &json!("a")), Err(TypeMismatch));
        assert_eq!(contains(&actual("{\"a\":1}"), &json!("a")), Ok(true));
    }
}
