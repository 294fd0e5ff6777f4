//! Fields of times, and durations as they are written.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;

use crate::policy::conditions::error::Trouble;
use crate::policy::conditions::evaluate::run::Outcome;
use crate::policy::conditions::evaluate::value::Value;
use crate::policy::conditions::expression::TimeField;

/// A field of a time, as clock and calendar show it in UTC or in `zone`.
pub(super) fn field<'c>(field: TimeField, time: &Value<'c>, zone: Option<&Value<'c>>) -> Outcome<'c> {
    let Value::Time(micros) = time else {
        return Err(Trouble::Types("a field of a time", time.kind_text(), ""));
    };
    let zone = match zone.map(Value::as_text) {
        None => TimeZone::UTC,
        Some(Some(name)) => jiff::tz::TimeZoneDatabase::bundled()
            .get(name)
            .map_err(|_| Trouble::NoResult("a time zone that the IANA database does not have"))?,
        Some(None) => return Err(Trouble::NoResult("a time zone that is no text")),
    };
    let Ok(moment) = jiff::Timestamp::from_microsecond(*micros) else {
        return Err(Trouble::NoResult("a time that no calendar shows"));
    };
    let shown = zone.to_datetime(moment);
    Ok(Value::Int(match field {
        TimeField::FullYear => i64::from(shown.year()),
        TimeField::Month => i64::from(shown.month()) - 1,
        TimeField::Date => i64::from(shown.day()),
        TimeField::DayOfMonth => i64::from(shown.day()) - 1,
        TimeField::DayOfWeek => i64::from(Weekday::to_sunday_zero_offset(shown.weekday())),
        TimeField::DayOfYear => i64::from(shown.day_of_year()) - 1,
        TimeField::Hours => i64::from(shown.hour()),
        TimeField::Minutes => i64::from(shown.minute()),
        TimeField::Seconds => i64::from(shown.second()),
        TimeField::Milliseconds => i64::from(shown.subsec_nanosecond()) / 1_000_000,
    }))
}

/// The microseconds of a duration such as `90m`, `1h30m`, `-1.5s`, `250ms`.
pub(super) fn span(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    if rest.is_empty() || rest.len() > 64 {
        return None;
    }
    let mut total = 0_i64;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (number, unit) = rest.split_at(digits);
        let letters = unit.find(|letter: char| !letter.is_ascii_lowercase()).unwrap_or(unit.len());
        let (unit, behind) = unit.split_at(letters);
        let micros = match unit {
            "h" => 3_600_000_000_i64,
            "m" => 60_000_000,
            "s" => 1_000_000,
            "ms" => 1_000,
            "us" => 1,
            _ => return None,
        };
        total = total.checked_add(part(number, micros)?)?;
        rest = behind;
    }
    total.checked_mul(sign)
}

/// `number` times `unit`, what is below a microsecond left out.
fn part(number: &str, unit: i64) -> Option<i64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut micros = whole.parse::<i64>().ok()?.checked_mul(unit)?;
    let mut of_unit = unit;
    for digit in fraction.chars() {
        of_unit /= 10;
        micros = micros.checked_add(i64::from(digit.to_digit(10)?).checked_mul(of_unit)?)?;
    }
    Some(micros)
}
