//! Six decimals: how numbers are shown, in JSON and in words.

use std::fmt;

/// What 1 is in millionths.
const ONE: f64 = 1e6;

/// Below this magnitude a double times a million is below 2^52, where halves are exact.
const EXACT_BELOW: f64 = 4e9;

/// `value` to six decimals, the nearest double to them; `None` where it is not finite.
///
/// What is rounded is the exact value of the double, halves to even: the same as writing it with six decimals and reading that again,
/// in any language that does so correctly. There is no negative zero among the results.
#[must_use]
pub fn six_decimals(value: f64) -> Option<f64> {
    if !value.is_finite() {
        return None;
    }
    match millionths(value) {
        // Both are exact, so the quotient is the nearest double to the decimal. The cast is exact below 2^53.
        Some(millionths) => Some(millionths as f64 / ONE),
        None => Some(format!("{value:.6}").parse().unwrap_or(value)),
    }
}

/// `value` in millionths, rounded; `None` beyond [`EXACT_BELOW`].
fn millionths(value: f64) -> Option<i64> {
    if value.is_nan() || value.abs() >= EXACT_BELOW {
        return None;
    }
    let scaled = value * ONE;
    let mut whole = scaled.round_ties_even();
    let over = scaled - whole;
    // The product was rounded. That cannot carry it across a half, only onto one: then its error says on which side it was.
    if over.abs() == 0.5 {
        let error = value.mul_add(ONE, -scaled);
        if error * over > 0.0 {
            whole += over.signum();
        }
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole, and below 2^52")]
    Some(whole as i64)
}

/// A number in a text: six decimals, zeros at the end cut off, one decimal kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown(pub(super) f64);

impl fmt::Display for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(value) = *self;
        if !value.is_finite() {
            return formatter.write_str("non-finite");
        }
        let Some(millionths) = millionths(value) else {
            let written = format!("{value:.6}");
            let cut = written.trim_end_matches('0');
            return write!(formatter, "{cut}{}", if cut.ends_with('.') { "0" } else { "" });
        };
        if millionths < 0 {
            formatter.write_str("-")?;
        }
        let (whole, mut rest) =
            (millionths.unsigned_abs() / 1_000_000, millionths.unsigned_abs() % 1_000_000);
        fmt::Display::fmt(&whole, formatter)?;
        let mut decimals = *b".000000";
        let (_point, digits) = decimals.split_at_mut(1);
        for digit in digits.iter_mut().rev() {
            *digit += u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
        }
        let cut = std::str::from_utf8(&decimals).unwrap_or_default().trim_end_matches('0');
        formatter.write_str(if cut == "." { ".0" } else { cut })
    }
}
