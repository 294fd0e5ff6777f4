//! Drift: the histogram at its edges, the hash, and a stream that drifts.

use proptest::prelude::*;

use crate::model::decision::DriftTier;
use crate::risk::gates::tests::differential::requests::Draw;
use crate::risk::gates::{Baseline, BaselineHash, Constants, Drift, DriftCheck, Proposal, Window, evaluate};

fn divergence(baseline: &[f64], current: &[f64]) -> f64 {
    let constants = Constants::default();
    Baseline::of(baseline, &constants).unwrap().divergence(current.iter().copied(), &constants)
}

fn ramp(length: u32) -> Vec<f64> {
    (0..length).map(f64::from).collect()
}

fn check_of(baseline: Vec<f64>) -> DriftCheck {
    let proposal = Proposal { drift_baseline: Some(baseline.into()), ..Proposal::default() };
    evaluate(&proposal, &Constants::default()).drift
}

#[test]
fn thirty_values_are_enough() {
    assert_eq!(evaluate(&Proposal::default(), &Constants::default()).drift, DriftCheck::NotAsked);
    assert_eq!(check_of(vec![]), DriftCheck::TooFew { values: 0 });
    assert_eq!(check_of(ramp(29)), DriftCheck::TooFew { values: 29 });
    assert!(matches!(check_of(ramp(30)), DriftCheck::Compared(_)));
    assert!(Baseline::of(&[], &Constants { drift_baseline_minimum: 0, ..Constants::default() }).is_none());
}

/// What the rule was chosen by: a baseline of 30, and one or both observations outside.
#[test]
fn one_outside_is_no_more_than_a_warning_and_two_are_critical() {
    let alike = vec![1.0; 30];
    let (none, both) = (divergence(&alike, &[1.0, 1.0]), divergence(&alike, &[0.0, 2.0]));
    assert!(none < 0.01, "{none}");
    assert!(both > 0.5, "{both}");
    let even = ramp(30);
    assert!((divergence(&even, &[-1.0, 30.0]) - 0.6635).abs() < 5e-5);
    let one = divergence(&even, &[-1.0, 5.0]);
    assert!((0.25..0.35).contains(&one), "{one}");
}

/// The lowest and the highest value are within; the least beyond is not.
#[test]
fn both_ends_belong_to_the_range() {
    let even = ramp(31);
    let within = divergence(&even, &[0.0, 30.0]);
    assert_eq!(within, divergence(&even, &[1.0, 29.0]));
    assert!(divergence(&even, &[0.0_f64.next_down(), 30.0]) > within);
    assert!(divergence(&even, &[0.0, 30.0_f64.next_up()]) > within);
    for outside in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -1.0, 31.0] {
        assert_eq!(divergence(&even, &[outside, 5.0]), divergence(&even, &[-5.0, 5.0]), "{outside}");
    }
}

/// Ranges that no double holds, and ranges too narrow to divide: odd, and still a number.
#[test]
fn extreme_ranges_give_numbers() {
    for extreme in [f64::MAX, f64::MIN_POSITIVE, 5e-324, 1e300] {
        let mut values = vec![-extreme; 15];
        values.extend([extreme; 15]);
        values.push(0.0);
        for current in [[0.0, 0.0], [extreme, -extreme], [f64::MAX, f64::MIN]] {
            let divergence = divergence(&values, &current);
            assert!((0.0..2.0).contains(&divergence), "{extreme}: {divergence}");
        }
    }
}

#[test]
fn bounds_belong_to_the_milder_tier() {
    let tier = |divergence| Drift::of(divergence, &Constants::default()).tier;
    assert_eq!(tier(0.3), DriftTier::Normal);
    assert_eq!(tier(0.3_f64.next_up()), DriftTier::Warning);
    assert_eq!(tier(0.5), DriftTier::Warning);
    assert_eq!(tier(0.5_f64.next_up()), DriftTier::Critical);
}

#[test]
fn the_hash_is_of_the_bits_in_their_order() {
    let hash = |values: &[f64]| BaselineHash::of(values).to_string();
    assert_eq!(hash(&[]), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    // SHA-256 of eight zero bytes.
    assert_eq!(hash(&[0.0]), "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc");
    assert_eq!(hash(&[-0.0]), hash(&[0.0]));
    assert_ne!(hash(&[1.0, 2.0]), hash(&[2.0, 1.0]));
    // Longer than one block, and not a multiple of it.
    let long = ramp(200);
    assert_ne!(hash(&long), hash(&long[..199]));
    assert_eq!(hash(&long), hash(&ramp(200)));
}

/// A stream of `length` values around `mean`, after the window was filled with values around 0.
fn stream(draw: &mut Draw, mean: f64, length: usize) -> Vec<Option<DriftTier>> {
    let constants = Constants::default();
    let mut window = Window::new(Window::DEFAULT_CAPACITY, &constants);
    for _ in 0..Window::DEFAULT_CAPACITY {
        assert_eq!(window.drift(&constants), None);
        window.observe(draw.normal(), &constants);
    }
    let tiers = (0..length).map(|_| {
        window.observe(mean + draw.normal(), &constants);
        window.drift(&constants).map(|drift| drift.tier)
    });
    tiers.collect()
}

/// Asked at every value of a thousand, a stream that stays as it was is never called critical; one that moves by two deviations is as soon
/// as there are enough values to tell.
#[test]
fn a_window_sees_a_stream_move_and_not_stay() {
    let mut draw = Draw(7);
    for _ in 0..20 {
        let stays = stream(&mut draw, 0.0, 1_000);
        assert!(stays[..29].iter().all(Option::is_none) && stays[29].is_some());
        assert!(!stays.contains(&Some(DriftTier::Critical)));
        let moves = stream(&mut draw, 2.0, 60);
        assert_eq!(moves.last(), Some(&Some(DriftTier::Critical)));
    }
}

#[test]
fn a_window_is_bounded_and_calibrates_anew() {
    let constants = Constants::default();
    let mut window = Window::new(0, &constants);
    assert!(!window.recalibrate(&constants));
    window.observe(f64::INFINITY, &constants);
    for value in ramp(30) {
        window.observe(value, &constants);
    }
    for _ in 0..100 {
        window.observe(1_000.0, &constants);
    }
    assert_eq!(window.drift(&constants).map(|drift| drift.tier), Some(DriftTier::Critical));
    assert!(window.recalibrate(&constants));
    assert_eq!(window.drift(&constants), None);
    for _ in 0..30 {
        window.observe(1_000.0, &constants);
    }
    assert_eq!(window.drift(&constants).map(|drift| drift.tier), Some(DriftTier::Normal));
    for _ in 0..30 {
        window.observe(f64::NAN, &constants);
    }
    assert_eq!(window.drift(&constants).map(|drift| drift.tier), Some(DriftTier::Critical));
    assert!(!window.recalibrate(&constants), "nothing finite is left");
}

proptest! {
    /// A divergence is never negative, whatever the values; up to rounding.
    #[test]
    fn divergence_is_not_negative(
        baseline in prop::collection::vec(-1e3_f64..1e3, 30..80),
        current in prop::collection::vec(-2e3_f64..2e3, 0..40),
    ) {
        let divergence = divergence(&baseline, &current);
        prop_assert!(divergence > -1e-12 && divergence.is_finite(), "{divergence}");
    }

    /// Neither the order of the baseline nor that of the observations counts.
    #[test]
    fn order_does_not_count(
        baseline in prop::collection::vec(-1e3_f64..1e3, 30..80),
        current in prop::collection::vec(-2e3_f64..2e3, 2),
    ) {
        let turned: Vec<f64> = baseline.iter().rev().copied().collect();
        prop_assert_eq!(divergence(&baseline, &current), divergence(&turned, &[current[1], current[0]]));
    }
}
