//! Conditions of a rule, compiled.

use std::cmp::Ordering;

use serde_json::Value;

use crate::model::call::{Lookup, ToolCall};
use crate::model::decision::Facts;
use crate::model::json::{Json, NumberValue};
use crate::policy::rules::condition::compare::{TypeMismatch, contains, equal, order};
use crate::policy::rules::condition::{Hours, Pattern, Semantic};

/// One thing that must hold.
#[derive(Clone, Debug)]
pub(in crate::policy::rules) enum Condition {
    /// What the clock and the calendar must show.
    Hours(Hours),
    /// Words that must stand in the call.
    Semantic(Semantic),
    /// Nothing can make it hold.
    Never,
    /// It cannot be told of any call, for this reason.
    Unclear(Box<str>),
    /// Something about one parameter.
    Parameter { name: Box<str>, test: Test },
}

/// What is asked of a parameter that is there and not null.
#[derive(Clone, Debug)]
pub(in crate::policy::rules) enum Test {
    Equal(Value),
    Greater(Value),
    GreaterOrEqual(Value),
    Less(Value),
    LessOrEqual(Value),
    Contains(Value),
    Matches(Pattern),
}

/// A condition's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy::rules) enum Truth {
    Holds,
    Fails,
    /// It cannot be told; the text says why, without the value.
    Indeterminate(String),
}

/// Whether all of `conditions` hold. One that certainly fails settles it, whatever the others cannot tell.
pub(in crate::policy::rules) fn all(
    conditions: &[Condition],
    call: &ToolCall<'_>,
    facts: Facts<'_>,
) -> Truth {
    let mut unclear = None;
    for condition in conditions {
        match condition.evaluate(call, facts) {
            Truth::Holds => {}
            Truth::Fails => return Truth::Fails,
            indeterminate @ Truth::Indeterminate(_) => unclear = unclear.or(Some(indeterminate)),
        }
    }
    unclear.unwrap_or(Truth::Holds)
}

impl Condition {
    /// What of a rule it is: its key, with the parameter it is about.
    pub(in crate::policy::rules) fn label(&self) -> String {
        match self {
            Self::Hours(hours) => hours.keys().join(", "),
            Self::Semantic(_) => "semantic".to_owned(),
            Self::Never | Self::Unclear(_) => "a condition that is wrong".to_owned(),
            Self::Parameter { name, test } => format!("{} {name}", test.name()),
        }
    }

    fn evaluate(&self, call: &ToolCall<'_>, facts: Facts<'_>) -> Truth {
        match self {
            Self::Hours(hours) => hours.holds(facts.now).into(),
            Self::Semantic(semantic) => semantic.evaluate(call),
            Self::Never => Truth::Fails,
            Self::Unclear(why) => Truth::Indeterminate(why.to_string()),
            Self::Parameter { name, test } => match call.parameters.lookup(name) {
                Lookup::Absent | Lookup::Found(Json::Null) => Truth::Fails,
                Lookup::Found(actual) => test.evaluate(actual).unwrap_or_else(|TypeMismatch| {
                    let kind = actual.type_name();
                    Truth::Indeterminate(format!(
                        "parameter {name} is of the type {kind}, which {} cannot take",
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
            Self::Matches(pattern) => pattern.is_found_in(&spoken(actual)?),
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
