//! Conditions of a rule, compiled.

use std::cmp::Ordering;

use regex::Regex;
use serde_json::Value;

use crate::model::call::{Lookup, Parameters};
use crate::model::decision::Facts;
use crate::model::json::{Json, NumberValue};
use crate::policy::rules::compare::{TypeMismatch, contains, equal, order};

/// One thing that must hold.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    /// The UTC time of day is at least this many minutes past midnight.
    TimeAfter(u16),
    /// The UTC time of day is before this many minutes past midnight.
    TimeBefore(u16),
    /// Bit n is set for ISO weekday n.
    Weekdays(u8),
    /// Something about one parameter.
    Parameter { name: Box<str>, test: Test },
}

/// What is asked of a parameter that is there and not null.
#[derive(Clone, Debug)]
pub(super) enum Test {
    Equal(Value),
    Greater(Value),
    GreaterOrEqual(Value),
    Less(Value),
    LessOrEqual(Value),
    Contains(Value),
    Matches(Regex),
}

/// A condition's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    Holds,
    Fails,
    /// It cannot be told; the text says why, without the value.
    Indeterminate(String),
}

/// Whether all of `conditions` hold. One that certainly fails settles it, whatever the others cannot tell.
pub(super) fn all(conditions: &[Condition], parameters: &Parameters<'_>, facts: Facts) -> Truth {
    let mut unclear = None;
    for condition in conditions {
        match condition.evaluate(parameters, facts) {
            Truth::Holds => {}
            Truth::Fails => return Truth::Fails,
            indeterminate @ Truth::Indeterminate(_) => unclear = unclear.or(Some(indeterminate)),
        }
    }
    unclear.unwrap_or(Truth::Holds)
}

impl Condition {
    /// Its key in a rules file, with the parameter it is about.
    pub(super) fn label(&self) -> String {
        match self {
            Self::TimeAfter(_) => "time_after".to_owned(),
            Self::TimeBefore(_) => "time_before".to_owned(),
            Self::Weekdays(_) => "weekdays".to_owned(),
            Self::Parameter { name, test } => format!("{} {name}", test.name()),
        }
    }

    fn evaluate(&self, parameters: &Parameters<'_>, facts: Facts) -> Truth {
        match self {
            Self::TimeAfter(minutes) => (facts.now.minute_of_day_utc() >= *minutes).into(),
            Self::TimeBefore(minutes) => (facts.now.minute_of_day_utc() < *minutes).into(),
            Self::Weekdays(days) => (days & (1 << facts.now.iso_weekday_utc()) != 0).into(),
            Self::Parameter { name, test } => match parameters.lookup(name) {
                Lookup::Absent | Lookup::Found(Json::Null) => Truth::Fails,
                Lookup::Found(actual) => test.evaluate(actual).unwrap_or_else(|TypeMismatch| {
                    let kind = actual.type_name();
                    Truth::Indeterminate(format!(
                        "parameter {name} is a {kind}, which {} cannot take",
                        test.name()
                    ))
                }),
                Lookup::Unknowable => Truth::Indeterminate(format!("parameter {name} cannot be read")),
            },
        }
    }
}

impl Test {
    fn evaluate(&self, actual: &Json<'_>) -> Result<Truth, TypeMismatch> {
        let ordered = |wanted, accept: fn(Ordering) -> bool| {
            order(actual, wanted).map(|found| found.is_some_and(accept))
        };
        Ok(match self {
            Self::Equal(wanted) => equal(actual, wanted),
            Self::Greater(wanted) => ordered(wanted, Ordering::is_gt)?,
            Self::GreaterOrEqual(wanted) => ordered(wanted, Ordering::is_ge)?,
            Self::Less(wanted) => ordered(wanted, Ordering::is_lt)?,
            Self::LessOrEqual(wanted) => ordered(wanted, Ordering::is_le)?,
            Self::Contains(wanted) => contains(actual, wanted)?,
            // The whole text is looked at: cutting it would let a caller push what is looked for out of sight.
            Self::Matches(regex) => regex.is_match(&spoken(actual)?),
        }
        .into())
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Equal(_) => "param_eq",
            Self::Greater(_) => "param_gt",
            Self::GreaterOrEqual(_) => "param_gte",
            Self::Less(_) => "param_lt",
            Self::LessOrEqual(_) => "param_lte",
            Self::Contains(_) => "param_contains",
            Self::Matches(_) => "param_matches",
        }
    }
}

/// A scalar as Python's `str()` says it. Lists and maps have no text that two languages agree on.
fn spoken<'j>(actual: &'j Json<'_>) -> Result<std::borrow::Cow<'j, str>, TypeMismatch> {
    Ok(match actual {
        Json::String(text) => text.as_str().into(),
        Json::Bool(true) => "True".into(),
        Json::Bool(false) => "False".into(),
        Json::Number(number) => match number.value {
            NumberValue::Integer(integer) => integer.to_string().into(),
            NumberValue::Decimal(decimal) => format!("{decimal:?}").into(),
        },
        Json::Null | Json::Array(_) | Json::Object(_) => return Err(TypeMismatch),
    })
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Fails }
    }
}
