//! The formula against vectors of its specification, its bounds, and that nothing dangerous lowers a score.

use proptest::prelude::*;
use serde_json::Value;

use crate::model::decision::{Anomaly, Conduct, RiskLevel, RiskScore};
use crate::risk::{Band, Baselines, Multipliers, RiskInput, RiskModel};

const VECTORS: &str = include_str!("../../tests/golden/agp/risk.json");

/// A vector's number on its scale of 0 to 10 or 0 to 1, in ten-thousandths of the whole.
fn ten_thousandths(value: &Value, whole: f64) -> u32 {
    let exact = value.as_f64().unwrap() * 10_000.0 / whole;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and positive")]
    let rounded = exact.round() as u32;
    assert!((exact - f64::from(rounded)).abs() < 1e-6, "{value} is exact in ten-thousandths");
    rounded
}

/// Features that together have a vector's anomaly.
fn features(anomaly: u32) -> Anomaly {
    match anomaly {
        0 => Anomaly::default(),
        7_000 => Anomaly { unseen_hour: true, unseen_weekday: true, burst: true, new_capability: false },
        10_000 => Anomaly { new_capability: true, unseen_hour: true, unseen_weekday: true, burst: true },
        other => panic!("no features make {other}"),
    }
}

/// The vectors have baselines and multipliers of their own, so they stand in the model; federation, which nothing feeds, is
/// taken out of what they expect.
#[test]
fn scores_are_those_of_the_vectors() {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let signals = u32::try_from(case["signals"].as_u64().unwrap()).unwrap();
        let anomaly = ten_thousandths(&case["anomaly"], 1.0);
        let model = RiskModel {
            baselines: Baselines {
                low: u16::try_from(ten_thousandths(&case["baseline"], 10.0)).unwrap(),
                ..Baselines::default()
            },
            multipliers: Multipliers {
                production: ten_thousandths(&case["mult"], 1.0),
                ..Multipliers::default()
            },
            ..RiskModel::default()
        };
        let input = RiskInput {
            level: RiskLevel::Low,
            environment_is_production: true,
            destructive: false,
            policy_change: false,
            trust: u16::try_from(ten_thousandths(&case["trust"], 1.0)).unwrap(),
            conduct: Conduct {
                reports: 1_000,
                failures: ten_thousandths(&case["h"], 10.0) / 10,
                anomaly: features(anomaly),
            },
        };
        let federation = (2 * signals).min(10) * 100;
        let score = model.score(&input);
        let expected = ten_thousandths(&case["score_0_1"], 1.0) - federation;
        assert_eq!(u32::from(score.as_ten_thousandths()), expected, "{name}");
        if federation == 0 {
            let band = match case["band"].as_str().unwrap() {
                "ALLOW" => Band::None,
                "ALLOW_MONITORED" => Band::Monitoring,
                "ESCALATE" => Band::Escalate,
                other => panic!("{other}"),
            };
            assert_eq!(model.band(score), band, "{name}");
        }
    }
    assert_eq!(cases.len(), 14);
}

const LEVELS: [RiskLevel; 4] = [RiskLevel::Low, RiskLevel::Medium, RiskLevel::High, RiskLevel::Critical];

fn call(level: RiskLevel) -> RiskInput {
    RiskInput {
        level,
        environment_is_production: false,
        destructive: false,
        policy_change: false,
        trust: 5_000,
        conduct: Conduct::default(),
    }
}

#[test]
fn the_defaults_score_as_documented() {
    let model = RiskModel::default();
    let of = |change: fn(&mut RiskInput)| {
        LEVELS.map(|level| {
            let mut input = call(level);
            change(&mut input);
            model.score(&input).as_ten_thousandths()
        })
    };
    assert_eq!(of(|_| {}), [1_450, 1_850, 2_450, 3_050]);
    assert_eq!(of(|input| input.environment_is_production = true), [1_650, 2_450, 3_250, 3_250]);
    assert_eq!(of(|input| input.destructive = true), [1_550, 2_150, 3_050, 3_250]);
    assert_eq!(of(|input| input.policy_change = true), [1_750, 2_750, 3_250, 3_250]);
    // The largest multiplier counts, not their product.
    let all = |input: &mut RiskInput| {
        (input.environment_is_production, input.destructive, input.policy_change) = (true, true, true);
    };
    assert_eq!(of(all), [1_750, 2_750, 3_250, 3_250]);
    assert_eq!(of(|input| input.trust = 10_000), [200, 600, 1_200, 1_800]);
    assert_eq!(of(|input| input.trust = u16::MAX), [200, 600, 1_200, 1_800]);
    let anomaly = |change: fn(&mut Anomaly)| {
        let mut input = call(RiskLevel::Low);
        change(&mut input.conduct.anomaly);
        model.score(&input).as_ten_thousandths() - 1_450
    };
    assert_eq!(anomaly(|seen| seen.new_capability = true), 450);
    assert_eq!(anomaly(|seen| seen.unseen_hour = true), 450);
    assert_eq!(anomaly(|seen| seen.unseen_weekday = true), 300);
    assert_eq!(anomaly(|seen| seen.burst = true), 300);
}

#[test]
fn failures_are_a_share_and_rounded_up_once() {
    let model = RiskModel::default();
    let score = |failures, reports| {
        let mut input = call(RiskLevel::Low);
        input.conduct = Conduct { reports, failures, anomaly: Anomaly::default() };
        model.score(&input).as_ten_thousandths() - 1_450
    };
    for (failures, reports, expected) in [
        (0, 0, 0),
        (0, 100, 0),
        // A third of 0.30 is exactly 0.10, and a seventh is above 0.0428.
        (1, 3, 1_000),
        (1, 7, 429),
        (1, u32::MAX, 1),
        (100, 100, 3_000),
        (u32::MAX, u32::MAX, 3_000),
        // More failures than reports are all of them; failures without a report are none.
        (9, 3, 3_000),
        (9, 0, 0),
    ] {
        assert_eq!(score(failures, reports), expected, "{failures} of {reports}");
    }
}

#[test]
fn bounds_belong_to_the_milder_band() {
    let model = RiskModel::default();
    for (score, band) in [
        (0, Band::None),
        (2_000, Band::None),
        (2_001, Band::Monitoring),
        (5_000, Band::Monitoring),
        (5_001, Band::Escalate),
        (8_000, Band::Escalate),
        (8_001, Band::Deny),
        (10_000, Band::Deny),
    ] {
        assert_eq!(model.band(RiskScore::from_ten_thousandths(score)), band, "{score}");
    }
}

#[test]
fn trust_is_the_actors_own_else_that_of_a_new_one() {
    let mut model = RiskModel::default();
    model.trust.actors.insert("agent-001".into(), 6_800);
    for (actor, trust) in [("agent-001", 6_800), ("Agent-001", 5_000), ("agent-0011", 5_000), ("", 5_000)] {
        assert_eq!(model.trust_of(actor), trust, "{actor}");
    }
}

fn inputs() -> impl Strategy<Value = RiskInput> {
    let flags = any::<[bool; 7]>();
    (0_usize..4, flags, 0_u16..=10_000, 0_u32..50, 0_u32..50).prop_map(
        |(level, flags, trust, failures, passed)| RiskInput {
            level: LEVELS[level],
            environment_is_production: flags[0],
            destructive: flags[1],
            policy_change: flags[2],
            trust,
            conduct: Conduct {
                reports: failures + passed,
                failures,
                anomaly: Anomaly {
                    new_capability: flags[3],
                    unseen_hour: flags[4],
                    unseen_weekday: flags[5],
                    burst: flags[6],
                },
            },
        },
    )
}

/// The input made worse in one respect.
fn worse(mut input: RiskInput, respect: u8) -> RiskInput {
    let anomaly = &mut input.conduct.anomaly;
    match respect {
        0 => input.level = RiskLevel::Critical,
        1 => input.environment_is_production = true,
        2 => input.destructive = true,
        3 => input.policy_change = true,
        4 => input.trust /= 2,
        5 => anomaly.new_capability = true,
        6 => anomaly.unseen_hour = true,
        7 => anomaly.unseen_weekday = true,
        8 => anomaly.burst = true,
        9 => input.conduct.failures = input.conduct.reports.min(input.conduct.failures + 1),
        _ => {
            input.conduct.failures += 1;
            input.conduct.reports += 1;
        }
    }
    input
}

proptest! {
    #[test]
    fn nothing_worse_scores_less(input in inputs(), respect in 0_u8..=10) {
        let model = RiskModel::default();
        let (before, after) = (model.score(&input), model.score(&worse(input, respect)));
        prop_assert!(before <= after, "{before:?} {after:?}");
        prop_assert!(model.band(before) <= model.band(after));
    }

    /// The integers are within a ten-thousandth above the formula in doubles.
    #[test]
    fn scores_are_the_formula(input in inputs()) {
        let Conduct { reports, failures, anomaly } = input.conduct;
        let share = if reports == 0 { 0.0 } else { f64::from(failures) / f64::from(reports) };
        let baseline = f64::from(input.level.score_hundredths()) / 100.0;
        let times = |applies, by: f64| if applies { by } else { 1.0 };
        let multiplier = times(input.environment_is_production, 2.0)
            .max(times(input.destructive, 1.5))
            .max(times(input.policy_change, 2.5));
        let adds = |is_seen, by| if is_seen { by } else { 0.0 };
        let unusual: f64 = adds(anomaly.new_capability, 0.3)
            + adds(anomaly.unseen_hour, 0.3)
            + adds(anomaly.unseen_weekday, 0.2)
            + adds(anomaly.burst, 0.2);
        let formula = 0.30 * share
            + 0.25 * (1.0 - f64::from(input.trust) / 10_000.0)
            + 0.20 * (baseline * multiplier).min(1.0)
            + 0.15 * unusual;
        let score = f64::from(RiskModel::default().score(&input).as_ten_thousandths()) / 10_000.0;
        prop_assert!(score > formula - 1e-9 && score < formula + 1e-4 + 1e-9, "{score} {formula}");
    }
}
