//! Functions.

use crate::model::time::Timestamp;
use crate::policy::conditions::error::Trouble;
use crate::policy::conditions::evaluate::calendar;
use crate::policy::conditions::evaluate::run::{Outcome, Run};
use crate::policy::conditions::evaluate::value::Value;
use crate::policy::conditions::expression::Function;

/// Calls a function with the value it is of, and the one beside it.
pub(super) fn call<'c>(
    run: &mut Run<'c>,
    function: Function,
    first: &Value<'c>,
    second: Option<&Value<'c>>,
) -> Outcome<'c> {
    let texts = [Some(first), second].into_iter().flatten().filter_map(Value::as_text);
    run.take(texts.map(|text| text.len() / 64).sum())?;
    match (function, second) {
        (Function::Size, _) => size(first),
        (Function::Contains | Function::StartsWith | Function::EndsWith, Some(second)) => {
            part(function, first, second)
        }
        (Function::LowerAscii, _) => with_text("`lowerAscii`", first, str::to_ascii_lowercase),
        (Function::UpperAscii, _) => with_text("`upperAscii`", first, str::to_ascii_uppercase),
        (Function::ToText, _) => to_text(first),
        (Function::ToInt, _) => to_int(first),
        (Function::ToDouble, _) => to_double(first),
        (Function::ToTimestamp, _) => match (first, first.as_text()) {
            (Value::Time(_), _) => Ok(first.clone()),
            (_, Some(text)) => Timestamp::parse_rfc3339(text)
                .map(|time| Value::Time(time.as_micros()))
                .ok_or(Trouble::NoResult("`timestamp` of a text that is no RFC 3339 time")),
            _ => Err(Trouble::Types("`timestamp`", first.kind_text(), "")),
        },
        (Function::ToDuration, _) => match (first, first.as_text()) {
            (Value::Span(_), _) => Ok(first.clone()),
            (_, Some(text)) => calendar::span(text)
                .map(Value::Span)
                .ok_or(Trouble::NoResult("`duration` of a text such as none is written: 90m, 1h30m, 10s")),
            _ => Err(Trouble::Types("`duration`", first.kind_text(), "")),
        },
        (Function::Field(field), zone) => calendar::field(field, first, zone),
        (_, None) => Err(Trouble::NoResult("a function of too few values")),
    }
}

fn size<'c>(value: &Value<'c>) -> Outcome<'c> {
    let size = match value.as_text() {
        Some(text) => Some(text.chars().count()),
        None => value.count(),
    };
    match size {
        Some(size) => Ok(Value::Int(i64::try_from(size).unwrap_or(i64::MAX))),
        None => Err(Trouble::Types("`size`", value.kind_text(), "")),
    }
}

fn part<'c>(function: Function, text: &Value<'c>, part: &Value<'c>) -> Outcome<'c> {
    let (Some(whole), Some(part)) = (text.as_text(), part.as_text()) else {
        let name = match function {
            Function::Contains => "`contains`",
            Function::StartsWith => "`startsWith`",
            _ => "`endsWith`",
        };
        return Err(Trouble::Types(name, text.kind_text(), part.kind_text()));
    };
    Ok(Value::Bool(match function {
        Function::Contains => whole.contains(part),
        Function::StartsWith => whole.starts_with(part),
        _ => whole.ends_with(part),
    }))
}

fn with_text<'c>(name: &'static str, value: &Value<'c>, make: fn(&str) -> String) -> Outcome<'c> {
    let Some(text) = value.as_text() else {
        return Err(Trouble::Types(name, value.kind_text(), ""));
    };
    Value::made(make(text))
}

fn to_text<'c>(value: &Value<'c>) -> Outcome<'c> {
    match value {
        Value::Text(_) | Value::Made(_) => Ok(value.clone()),
        Value::Int(value) => Value::made(value.to_string()),
        Value::Double(value) => Value::made(value.to_string()),
        Value::Bool(value) => Ok(Value::Text(if *value { "true" } else { "false" })),
        Value::Time(micros) => Value::made(Timestamp::from_micros(*micros).to_rfc3339()),
        other => Err(Trouble::Types("`string`", other.kind_text(), "")),
    }
}

fn to_int<'c>(value: &Value<'c>) -> Outcome<'c> {
    let result = match value {
        Value::Int(value) => Some(*value),
        // Only what 64 bits hold: the cast would saturate, and the bounds are doubles.
        #[expect(clippy::cast_possible_truncation, reason = "within 63 bits")]
        Value::Double(value) if value.abs() < 9_223_372_036_854_775_808.0 => Some(value.trunc() as i64),
        Value::Double(_) => None,
        Value::Time(micros) => Some(micros.div_euclid(1_000_000)),
        other => match other.as_text() {
            Some(text) => text.parse().ok(),
            None => return Err(Trouble::Types("`int`", other.kind_text(), "")),
        },
    };
    result.map(Value::Int).ok_or(Trouble::NoResult("`int` of what is no number of 64 bits"))
}

fn to_double<'c>(value: &Value<'c>) -> Outcome<'c> {
    let result = match value {
        #[expect(clippy::cast_precision_loss, reason = "asked for in so many words")]
        Value::Int(value) => Some(*value as f64),
        Value::Double(value) => Some(*value),
        other => match other.as_text() {
            Some(text) => text.parse::<f64>().ok().filter(|value| value.is_finite()),
            None => return Err(Trouble::Types("`double`", other.kind_text(), "")),
        },
    };
    result.map(Value::Double).ok_or(Trouble::NoResult("`double` of what is no finite number"))
}
