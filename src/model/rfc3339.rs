//! Date-times of RFC 3339, read to the letter. Imports nothing of ours.

const DAY_S: i64 = 86_400;

/// Microseconds since 1970-01-01T00:00:00Z of a date-time; `None` when `text` is none.
pub(super) fn micros(text: &str) -> Option<i64> {
    let mut rest = text.as_bytes();
    let year = digits(&mut rest, 4)?;
    one_of(&mut rest, b"-")?;
    let month = digits(&mut rest, 2).filter(|month| (1..=12).contains(month))?;
    one_of(&mut rest, b"-")?;
    let day = digits(&mut rest, 2).filter(|day| (1..=days_of(year, month)).contains(day))?;
    one_of(&mut rest, b"Tt ")?;
    let hour = digits(&mut rest, 2).filter(|hour| *hour < 24)?;
    one_of(&mut rest, b":")?;
    let minute = digits(&mut rest, 2).filter(|minute| *minute < 60)?;
    one_of(&mut rest, b":")?;
    let second = digits(&mut rest, 2).filter(|second| *second <= 60)?;
    let fraction = if one_of(&mut rest, b".").is_some() { fraction(&mut rest)? } else { 0 };
    let ahead = offset(&mut rest).filter(|_| rest.is_empty())?;
    let seconds = days_before(year, month, day) * DAY_S + hour * 3600 + minute * 60 + second - ahead;
    if second == 60 {
        // The second after it begins a day, the first of January or July.
        let next_day = (seconds % DAY_S == 0).then_some(seconds / DAY_S)?;
        let mut halves = (year - 1..=year + 1).flat_map(|year| [(year, 1), (year, 7)]);
        let begins_half = halves.any(|(year, month)| days_before(year, month, 1) == next_day);
        return begins_half.then_some(seconds * 1_000_000);
    }
    Some(seconds * 1_000_000 + fraction)
}

/// So many digits.
fn digits(rest: &mut &[u8], count: usize) -> Option<i64> {
    let (digits, behind) = rest.split_at_checked(count)?;
    let value = digits
        .iter()
        .try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + i64::from(digit - b'0')))?;
    *rest = behind;
    Some(value)
}

fn one_of(rest: &mut &[u8], letters: &[u8]) -> Option<u8> {
    let (first, behind) = rest.split_first().filter(|(first, _)| letters.contains(first))?;
    *rest = behind;
    Some(*first)
}

/// Microseconds of the digits behind a point: one at least.
fn fraction(rest: &mut &[u8]) -> Option<i64> {
    let mut micros = digits(rest, 1)? * 100_000;
    let mut unit = 10_000;
    while let Some(digit) = digits(rest, 1) {
        micros += digit * unit;
        unit /= 10;
    }
    Some(micros)
}

/// By how many seconds the clock is ahead of UTC.
fn offset(rest: &mut &[u8]) -> Option<i64> {
    let sign = match one_of(rest, b"Zz+-")? {
        b'+' => 1,
        b'-' => -1,
        _ => return Some(0),
    };
    let hours = digits(rest, 2).filter(|hours| *hours < 24)?;
    one_of(rest, b":")?;
    let minutes = digits(rest, 2).filter(|minutes| *minutes < 60)?;
    Some(sign * (hours * 3600 + minutes * 60))
}

const fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a day of the proleptic Gregorian calendar. Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms".
const fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_standard_allows_is_read() {
        for (text, same) in [
            ("2026-11-23T06:19:54Z", "2026-11-23T06:19:54Z"),
            ("2026-11-23t06:19:54z", "2026-11-23T06:19:54Z"),
            ("2026-11-23 06:19:54Z", "2026-11-23T06:19:54Z"),
            ("2026-11-23T06:19:54-00:00", "2026-11-23T06:19:54Z"),
            ("2026-11-23T08:49:54+02:30", "2026-11-23T06:19:54Z"),
            ("2026-11-22T06:20:54-23:59", "2026-11-23T06:19:54Z"),
            ("2026-11-23T06:19:54.1234569999Z", "2026-11-23T06:19:54.123456Z"),
            ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
            ("2016-12-31T23:59:60.9Z", "2017-01-01T00:00:00Z"),
            ("2015-07-01T01:59:60+02:00", "2015-07-01T00:00:00Z"),
            ("1990-12-31T15:59:60-08:00", "1991-01-01T00:00:00Z"),
        ] {
            let jiff: jiff::Timestamp = same.parse().unwrap();
            assert_eq!(micros(text), Some(jiff.as_microsecond()), "{text}");
        }
        assert_eq!(micros("9999-12-31T23:59:59.999999Z"), Some(253_402_300_799_999_999));
        assert_eq!(micros("0000-01-01T00:00:00Z"), Some(-62_167_219_200_000_000));
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "2026-11-23",
            "2026-11-23T06:19Z",
            "2026-11-23T06:19:54",
            "2026-11-23T06:19:54.Z",
            "2026-11-23T06:19:54,5Z",
            "2026-11-23T06:19:54Z ",
            "2026-11-23T06:19:54Z[UTC]",
            "2026-11-23T06:19:54 00:00",
            "2026-11-23T06:19:54+0000",
            "2026-11-23T06:19:54+24:00",
            "2026-11-23T06:19:54+01:60",
            "20261123T061954Z",
            "+002026-11-23T06:19:54Z",
            "-0001-11-23T06:19:54Z",
            "12026-11-23T06:19:54Z",
            "2026-00-23T06:19:54Z",
            "2026-13-23T06:19:54Z",
            "2026-11-00T06:19:54Z",
            "2026-11-31T06:19:54Z",
            "2025-02-29T06:19:54Z",
            "1900-02-29T06:19:54Z",
            "2026-11-23T24:00:00Z",
            "2026-11-23T06:60:00Z",
            "2026-11-23T06:19:61Z",
            "2026-11-23T06:19:60Z",
            "2026-11-30T23:59:60Z",
            "2016-12-31T23:59:60+01:00",
            "\u{ff12}026-11-23T06:19:54Z",
        ] {
            assert_eq!(micros(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_jiff_prints_is_read_as_jiff_means_it(written in -62_135_596_800_000_000_i64..253_402_207_200_000_000) {
            let time = jiff::Timestamp::from_microsecond(written).unwrap();
            proptest::prop_assert_eq!(micros(&time.to_string()), Some(written));
        }
    }
}
