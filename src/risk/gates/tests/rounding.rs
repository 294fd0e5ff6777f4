//! Six decimals: the same as writing them and reading them again.

use proptest::prelude::*;

use crate::risk::gates::round::Shown;
use crate::risk::gates::six_decimals;

/// The definition.
fn written(value: f64) -> f64 {
    let read: f64 = format!("{value:.6}").parse().unwrap();
    if read == 0.0 { 0.0 } else { read }
}

fn check(value: f64) {
    for value in [value, -value] {
        let expected = written(value);
        let found = six_decimals(value).unwrap();
        assert_eq!(found.to_bits(), expected.to_bits(), "{value:?}: {found:?}, not {expected:?}");
        let shown = Shown(value).to_string();
        assert_eq!(shown.parse::<f64>().unwrap().to_bits(), expected.to_bits(), "{value:?}: {shown}");
        let (_, decimals) = shown.split_once('.').unwrap();
        assert!(
            (1..=6).contains(&decimals.len()) && (decimals.len() == 1 || !decimals.ends_with('0')),
            "{shown}"
        );
    }
}

/// Odd multiples of 1/128 lie exactly between two millionths; their neighbors on either side do not.
#[test]
fn halves_go_to_the_even_neighbor() {
    assert_eq!(six_decimals(1.0 / 128.0), Some(0.007_812));
    assert_eq!(six_decimals(3.0 / 128.0), Some(0.023_438));
    for number in (1..40_000_u32).step_by(2).chain([2_147_483_647, 4_294_967_295]) {
        let half = f64::from(number) / 128.0;
        check(half);
        check(half.next_up());
        check(half.next_down());
    }
}

/// Decimals that end in 5 are a little more or less than a half, and their product with a million may not show it.
#[test]
fn what_only_looks_like_a_half_goes_to_its_own_side() {
    for number in 0..40_000_u32 {
        check((f64::from(number) * 10.0 + 5.0) / 1e7);
        check((f64::from(number) + 0.5) / 1e6 + f64::from(number));
    }
    assert_eq!(six_decimals(0.000_000_5), Some(0.0));
    assert_eq!(six_decimals(0.000_001_5), Some(0.000_002));
}

#[test]
fn there_is_no_negative_zero_and_nothing_infinite() {
    for value in [-0.0, -1e-9, -4.9e-7, -5e-324] {
        assert_eq!(six_decimals(value).map(f64::to_bits), Some(0), "{value:?}");
        assert_eq!(Shown(value).to_string(), "0.0");
    }
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(six_decimals(value), None);
        assert_eq!(Shown(value).to_string(), "non-finite");
    }
    for value in [4e9, 4e9_f64.next_down(), 4_503_599_627.370_496, 1e15, 1e300, f64::MAX, f64::MIN_POSITIVE] {
        check(value);
    }
}

#[test]
fn texts_keep_one_decimal_and_no_zeros() {
    for (value, text) in [
        (0.5, "0.5"),
        (2.0, "2.0"),
        (0.000_004, "0.000004"),
        (-0.160_617, "-0.160617"),
        (-3.25, "-3.25"),
        (100.0, "100.0"),
        (1e10, "10000000000.0"),
        (5e9 + 0.5, "5000000000.5"),
    ] {
        assert_eq!(Shown(value).to_string(), text);
    }
}

proptest! {
    #[test]
    fn rounding_is_writing_and_reading(bits in any::<u64>(), small in -5e9_f64..5e9, share in 0_f64..1.0) {
        let any = f64::from_bits(bits);
        if any.is_finite() {
            check(any);
        }
        check(small);
        check(share);
    }
}
