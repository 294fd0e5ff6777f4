//! Numbers of JSON as numbers of Cedar: exactly, or not at all. Imports nothing of ours.
//!
//! One number has one value in Cedar, however it is spelled: `2`, `2.0` and `20e-1` are the Long 2. Were `2.0` a decimal, which equals no
//! Long, a caller could choose by the spelling whether `context.input.n == 2` is true.

/// Digits behind the point that Cedar's decimals have.
const PLACES: i64 = 4;

/// A number that Cedar can say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CedarNumber {
    /// Whole, within 64 bits.
    Long(i64),
    /// Not whole; written as Cedar's `decimal` takes it.
    Decimal(String),
}

/// The number that JSON writes as `text`; `None` where Cedar has none that is exactly it.
pub(super) fn number(text: &str) -> Option<CedarNumber> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        None => (text, 0),
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
    };
    let (negative, unsigned) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return Some(CedarNumber::Long(0));
    }
    let trailing = digits.len() - digits.trim_end_matches('0').len();
    // The number is `significant` times ten to the power of `power`.
    let power = exponent
        .checked_sub(i64::try_from(fraction.len()).ok()?)?
        .checked_add(i64::try_from(trailing).ok()?)?;
    let scaled = |power: i64| -> Option<i64> {
        let factor = 10_i64.checked_pow(u32::try_from(power).ok()?)?;
        let digits = significant.parse::<i128>().ok()?.checked_mul(i128::from(factor))?;
        i64::try_from(if negative { -digits } else { digits }).ok()
    };
    if power >= 0 {
        return scaled(power).map(CedarNumber::Long);
    }
    let ten_thousandths = scaled(power.checked_add(PLACES)?)?;
    let unsigned = ten_thousandths.unsigned_abs();
    let sign = if negative { "-" } else { "" };
    Some(CedarNumber::Decimal(format!("{sign}{}.{:04}", unsigned / 10_000, unsigned % 10_000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_or_nothing() {
        let long = |value| Some(CedarNumber::Long(value));
        let decimal = |text: &str| Some(CedarNumber::Decimal(text.to_owned()));
        for (text, expected) in [
            ("0", long(0)),
            ("-0", long(0)),
            ("-0.0", long(0)),
            ("0e99999999999999999", long(0)),
            ("2", long(2)),
            ("2.0", long(2)),
            ("20e-1", long(2)),
            ("1E3", long(1000)),
            ("1.5e1", long(15)),
            ("-7.000", long(-7)),
            ("0.5", decimal("0.5000")),
            ("-0.5", decimal("-0.5000")),
            ("12.3450", decimal("12.3450")),
            ("12345e-4", decimal("1.2345")),
            ("0.00010", decimal("0.0001")),
            ("0.00001", None),
            ("1.00001", None),
            ("9223372036854775807", long(i64::MAX)),
            ("-9223372036854775808", long(i64::MIN)),
            ("9223372036854775808", None),
            ("1e19", None),
            ("1e999999999999999999999", None),
            ("1e-999999999999999999999", None),
            ("922337203685477.5807", decimal("922337203685477.5807")),
            ("-922337203685477.5808", decimal("-922337203685477.5808")),
            ("922337203685477.5808", None),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
    }
}
