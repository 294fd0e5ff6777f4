//! Numbers as text, without the machinery of `format!`: every record and log line holds some. Imports nothing of ours.

use std::time::Duration;

/// Digits of the longest `u64`.
const MOST_DIGITS: usize = 20;

/// Appends `value` in decimal digits.
pub fn write_decimal(value: u64, out: &mut Vec<u8>) {
    let mut digits = [b'0'; MOST_DIGITS];
    let (mut rest, mut used) = (value, 0);
    for slot in digits.iter_mut().rev() {
        *slot = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        used += 1;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(MOST_DIGITS - used..).unwrap_or_default());
}

/// Appends `span` in milliseconds with three digits after the point: `12.345`.
pub fn write_millis(span: Duration, out: &mut Vec<u8>) {
    let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
    write_decimal(micros / 1000, out);
    let digit = |divisor: u64| b'0' + u8::try_from(micros / divisor % 10).unwrap_or(0);
    out.extend_from_slice(&[b'.', digit(100), digit(10), digit(1)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_milliseconds_with_three_digits() {
        for (micros, text) in [(0, "0.000"), (7, "0.007"), (12_345, "12.345"), (60_000_000, "60000.000")] {
            let mut written = Vec::new();
            write_millis(Duration::from_micros(micros), &mut written);
            assert_eq!(String::from_utf8(written).unwrap(), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn writes_what_format_writes(value in proptest::num::u64::ANY) {
            for value in [value, value >> 40, u64::MAX, 0, 9, 10] {
                let mut written = Vec::new();
                write_decimal(value, &mut written);
                proptest::prop_assert_eq!(String::from_utf8(written).unwrap(), value.to_string());
            }
        }
    }
}
