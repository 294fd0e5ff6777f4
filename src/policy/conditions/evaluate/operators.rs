//! Operators. Numbers are compared by their worth, whether written with a fraction or not; values of different kinds are not
//! compared at all, but for null, which differs from everything else.

use std::cmp::Ordering;

use crate::policy::conditions::error::Trouble;
use crate::policy::conditions::evaluate::run::{Outcome, Run};
use crate::policy::conditions::evaluate::value::{Kind, Value};
use crate::policy::conditions::expression::{Calculation, Comparison};

/// Up to here every integer is a double: 2^53.
const EXACT_MAX: u64 = 1 << 53;

impl<'c> Run<'c> {
    pub(super) fn compare(
        &mut self,
        comparison: Comparison,
        left: &Value<'c>,
        right: &Value<'c>,
    ) -> Result<bool, Trouble<'c>> {
        match comparison {
            Comparison::Equal => return self.equal(left, right),
            Comparison::Unequal => return self.equal(left, right).map(|equal| !equal),
            _ => {}
        }
        let ordering = self.order(left, right)?;
        Ok(match comparison {
            Comparison::Less => ordering.is_lt(),
            Comparison::LessOrEqual => ordering.is_le(),
            Comparison::Greater => ordering.is_gt(),
            _ => ordering.is_ge(),
        })
    }

    fn order(&mut self, left: &Value<'c>, right: &Value<'c>) -> Result<Ordering, Trouble<'c>> {
        match (left, right) {
            (Value::Bool(left), Value::Bool(right)) => return Ok(left.cmp(right)),
            (Value::Time(left), Value::Time(right)) | (Value::Span(left), Value::Span(right)) => {
                return Ok(left.cmp(right));
            }
            _ => {}
        }
        if let Some(ordering) = order_numbers(left, right) {
            return Ok(ordering);
        }
        if let (Some(left), Some(right)) = (left.as_text(), right.as_text()) {
            self.take(left.len().min(right.len()) / 64)?;
            return Ok(left.cmp(right));
        }
        Err(Trouble::Types("a comparison", left.kind_text(), right.kind_text()))
    }

    /// Whether two values are equal.
    pub(super) fn equal(&mut self, left: &Value<'c>, right: &Value<'c>) -> Result<bool, Trouble<'c>> {
        match (left.kind(), right.kind()) {
            (Kind::Null, Kind::Null) => Ok(true),
            (Kind::Null, _) | (_, Kind::Null) => Ok(false),
            (Kind::List, Kind::List) => self.equal_lists(left, right),
            (Kind::Map, _) | (_, Kind::Map) => {
                Err(Trouble::Types("a comparison", left.kind_text(), right.kind_text()))
            }
            _ => self.order(left, right).map(Ordering::is_eq),
        }
    }

    fn equal_lists(&mut self, left: &Value<'c>, right: &Value<'c>) -> Result<bool, Trouble<'c>> {
        let count = left.count();
        if count != right.count() {
            return Ok(false);
        }
        let mut trouble = None;
        for index in 0..count.unwrap_or(0) {
            self.take(1)?;
            let (Some(left), Some(right)) = (left.element(index), right.element(index)) else { continue };
            match self.equal(&left?, &right?) {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(found) => trouble = Some(found),
            }
        }
        trouble.map_or(Ok(true), Err)
    }

    /// Whether `wanted` is an element of a list or a key of a mapping. As with `exists`, an element that is found makes good for
    /// those it cannot be compared with.
    pub(super) fn is_in(&mut self, wanted: &Value<'c>, within: &Value<'c>) -> Result<bool, Trouble<'c>> {
        if within.kind() == Kind::Map {
            let Some(name) = wanted.as_text() else {
                return Err(Trouble::Types("`in`", wanted.kind_text(), within.kind_text()));
            };
            return self.look_up(within, name, "the member").map(|found| found.is_some());
        }
        let (Kind::List, Some(count)) = (within.kind(), within.count()) else {
            return Err(Trouble::Types("`in`", wanted.kind_text(), within.kind_text()));
        };
        let mut trouble = None;
        for index in 0..count {
            self.take(1)?;
            let Some(element) = within.element(index) else { continue };
            match element.and_then(|element| self.equal(wanted, &element)) {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(found) => trouble = Some(found),
            }
        }
        trouble.map_or(Ok(false), Err)
    }

    pub(super) fn calculate(
        &mut self,
        calculation: Calculation,
        left: &Value<'c>,
        right: &Value<'c>,
    ) -> Outcome<'c> {
        match (left, right) {
            (Value::Int(left), Value::Int(right)) => integers(calculation, *left, *right),
            (Value::Int(_) | Value::Double(_), Value::Int(_) | Value::Double(_)) => {
                doubles(calculation, exact(left)?, exact(right)?)
            }
            (Value::Time(left), Value::Span(right)) => spans(calculation, *left, *right, Value::Time),
            (Value::Span(left), Value::Time(right)) if calculation == Calculation::Add => {
                spans(calculation, *left, *right, Value::Time)
            }
            (Value::Time(left), Value::Time(right)) if calculation == Calculation::Subtract => {
                spans(calculation, *left, *right, Value::Span)
            }
            (Value::Span(left), Value::Span(right)) => spans(calculation, *left, *right, Value::Span),
            _ => match (calculation, left.as_text(), right.as_text()) {
                (Calculation::Add, Some(left), Some(right)) => {
                    self.take((left.len() + right.len()) / 64)?;
                    Value::made(format!("{left}{right}"))
                }
                _ => Err(Trouble::Types("a calculation", left.kind_text(), right.kind_text())),
            },
        }
    }
}

/// `-value`
pub(super) fn negate<'c>(value: &Value<'c>) -> Outcome<'c> {
    match value {
        Value::Int(value) => {
            value.checked_neg().map(Value::Int).ok_or(Trouble::NoResult("a number beyond 64 bits"))
        }
        Value::Double(value) => Ok(Value::Double(-value)),
        Value::Span(value) => {
            value.checked_neg().map(Value::Span).ok_or(Trouble::NoResult("a duration out of range"))
        }
        other => Err(Trouble::Types("`-`", other.kind_text(), "")),
    }
}

fn integers<'c>(calculation: Calculation, left: i64, right: i64) -> Outcome<'c> {
    let result = match calculation {
        Calculation::Add => left.checked_add(right),
        Calculation::Subtract => left.checked_sub(right),
        Calculation::Multiply => left.checked_mul(right),
        Calculation::Divide => left.checked_div(right),
        Calculation::Remainder => left.checked_rem(right),
    };
    result.map(Value::Int).ok_or(Trouble::NoResult("a calculation without a result of 64 bits"))
}

fn doubles<'c>(calculation: Calculation, left: f64, right: f64) -> Outcome<'c> {
    let result = match calculation {
        Calculation::Add => left + right,
        Calculation::Subtract => left - right,
        Calculation::Multiply => left * right,
        Calculation::Divide => left / right,
        Calculation::Remainder => return Err(Trouble::Types("`%`", "a number with a fraction", "")),
    };
    if result.is_finite() {
        Ok(Value::Double(result))
    } else {
        Err(Trouble::NoResult("a calculation without a finite result"))
    }
}

fn spans<'c>(calculation: Calculation, left: i64, right: i64, made: fn(i64) -> Value<'c>) -> Outcome<'c> {
    let result = match calculation {
        Calculation::Add => left.checked_add(right),
        Calculation::Subtract => left.checked_sub(right),
        _ => return Err(Trouble::Types("a calculation", "a duration", "")),
    };
    result.map(made).ok_or(Trouble::NoResult("a time out of range"))
}

/// A number as a double, where no digit is lost.
fn exact<'c>(value: &Value<'c>) -> Result<f64, Trouble<'c>> {
    match value {
        Value::Double(value) => Ok(*value),
        #[expect(clippy::cast_precision_loss, reason = "at most 2^53, where every integer is a double")]
        Value::Int(value) if value.unsigned_abs() <= EXACT_MAX => Ok(*value as f64),
        _ => Err(Trouble::NoResult("a calculation of a fraction and a number beyond 2^53")),
    }
}

fn order_numbers(left: &Value<'_>, right: &Value<'_>) -> Option<Ordering> {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => Some(left.cmp(right)),
        // Doubles are finite, so they have an order.
        (Value::Double(left), Value::Double(right)) => left.partial_cmp(right),
        (Value::Int(left), Value::Double(right)) => Some(order_mixed(*left, *right)),
        (Value::Double(left), Value::Int(right)) => Some(order_mixed(*right, *left).reverse()),
        _ => None,
    }
}

/// Compares exactly: neither number is rounded.
fn order_mixed(left: i64, right: f64) -> Ordering {
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    if right >= BEYOND {
        return Ordering::Less;
    }
    if right < -BEYOND {
        return Ordering::Greater;
    }
    #[expect(clippy::cast_possible_truncation, reason = "without its fraction it is an integer of 64 bits")]
    let whole = right.trunc() as i64;
    left.cmp(&whole).then_with(|| 0.0_f64.partial_cmp(&right.fract()).unwrap_or(Ordering::Equal))
}
