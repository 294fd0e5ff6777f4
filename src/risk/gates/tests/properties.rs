//! What holds of any proposal: nothing worse is judged milder, and every number that is shown is one.

use proptest::prelude::*;

use crate::risk::gates::{
    Answer, Constants, Evaluation, Gate, Impact, NoveltyDirection, Phase, Posterior, Proposal, Status,
    evaluate, relative_change,
};

fn finite() -> impl Strategy<Value = f64> {
    prop_oneof![
        5 => -2.0_f64..3.0,
        1 => -1e9_f64..1e9,
        1 => any::<f64>().prop_filter("finite", |value| value.is_finite()),
        1 => prop::sample::select(vec![0.0, -0.0, 0.01, 0.5, 0.7, 1.0, f64::MAX, f64::MIN, f64::MIN_POSITIVE]),
    ]
}

fn proposals(number: impl Strategy<Value = f64> + Clone) -> impl Strategy<Value = Proposal<'static>> {
    let numbers = prop::array::uniform7(number.clone());
    let subscores = prop::collection::vec(number.clone(), 0..5);
    let baseline = prop::option::of(prop::collection::vec(number, 25..50));
    (numbers, subscores, baseline, any::<[bool; 4]>(), 0_usize..4, 0_usize..3).prop_map(
        |(numbers, subscores, baseline, flags, impact, phase)| Proposal {
            impact: Impact::ALL[impact],
            phase: Phase::ALL[phase],
            risk_baseline: numbers[0],
            risk_proposed: numbers[1],
            profit_baseline: numbers[2],
            profit_proposed: numbers[3],
            novelty_score: numbers[4],
            complexity_score: numbers[5],
            quality_score: numbers[6],
            quality_subscores: subscores.into(),
            requires_human_approval: flags[0],
            time_sensitive: flags[1],
            reversible: flags[2],
            shadow_mode: flags[3],
            drift_baseline: baseline.map(Into::into),
        },
    )
}

fn ordinary() -> impl Strategy<Value = Proposal<'static>> {
    proposals(-2.0_f64..3.0)
}

fn judged(proposal: &Proposal<'_>) -> Evaluation {
    evaluate(proposal, &Constants::default())
}

fn value(gate: Gate) -> f64 {
    gate.value.unwrap()
}

/// From the mildest.
fn severity(status: Status) -> u8 {
    match status {
        Status::Proceed => 0,
        Status::Pause => 1,
        Status::Escalate => 2,
        Status::Halt => 3,
    }
}

proptest! {
    #[test]
    fn every_number_shown_is_one(proposal in proposals(finite().boxed())) {
        let Evaluation { gates, confidence, .. } = judged(&proposal);
        for gate in [gates.risk, gates.profit] {
            let (value, confidence) = (value(gate), gate.confidence.unwrap());
            prop_assert!((0.0..=1.0).contains(&value) && (0.0..=1.0).contains(&confidence));
        }
        prop_assert!((0.0..=1.0).contains(&value(gates.novelty)));
        prop_assert!(confidence.is_some_and(|confidence| (0.0..=1.0).contains(&confidence)));
        for (_, gate) in gates.all() {
            prop_assert!(gate.value.is_none_or(f64::is_finite));
        }
        let text = serde_json::Value::from(Answer::to(&proposal, &Constants::default()).to_json()).to_string();
        prop_assert!(!text.contains("NaN") && !text.contains("inf"), "{}", text);
    }

    #[test]
    fn more_risk_is_never_judged_milder(proposal in ordinary(), more in 0.0_f64..5.0) {
        let worse = Proposal { risk_proposed: proposal.risk_proposed + more, ..proposal.clone() };
        let (before, after) = (judged(&proposal).gates, judged(&worse).gates);
        prop_assert!(value(after.risk) >= value(before.risk));
        prop_assert!(value(after.utility) <= value(before.utility));
        prop_assert!(before.risk.passed || !after.risk.passed);
    }

    #[test]
    fn more_profit_is_worth_more_and_believed_less(proposal in ordinary(), more in 0.0_f64..5.0) {
        let richer = Proposal { profit_proposed: proposal.profit_proposed + more, ..proposal.clone() };
        let (before, after) = (judged(&proposal).gates, judged(&richer).gates);
        prop_assert!(value(after.profit) >= value(before.profit));
        prop_assert!(value(after.utility) >= value(before.utility));
    }

    #[test]
    fn better_scores_are_never_judged_harder(
        proposal in ordinary(), novelty in 0.0_f64..1.0, simpler in 0.0_f64..1.0, better in 0.0_f64..1.0,
    ) {
        let more = Proposal {
            novelty_score: proposal.novelty_score + novelty,
            complexity_score: proposal.complexity_score + simpler,
            quality_score: proposal.quality_score + better,
            ..proposal.clone()
        };
        let (before, after) = (judged(&proposal), judged(&more));
        for ((_, before), (_, after)) in before.gates.all().into_iter().zip(after.gates.all()) {
            prop_assert!(value(*after) >= value(*before));
            prop_assert!(after.passed || !before.passed);
        }
        prop_assert!(severity(after.status) <= severity(before.status));
    }

    #[test]
    fn more_caution_is_never_judged_milder(proposal in ordinary(), respect in 0_u8..4) {
        let mut worse = proposal.clone();
        match respect {
            0 => worse.impact = Impact::Critical,
            1 => worse.requires_human_approval = true,
            2 => worse.reversible = false,
            _ => worse.shadow_mode = false,
        }
        // Wider reach makes a fall in risk worth more: only the utility gate may open by it.
        let (before, after) = (judged(&proposal).status, judged(&worse).status);
        prop_assert!(severity(before) <= severity(after), "{before:?} {after:?}");
    }

    /// Risk and profit are asked the same question.
    #[test]
    fn risk_and_profit_are_symmetric(proposal in proposals(finite().boxed())) {
        let turned = Proposal {
            risk_baseline: proposal.profit_baseline,
            risk_proposed: proposal.profit_proposed,
            profit_baseline: proposal.risk_baseline,
            profit_proposed: proposal.risk_proposed,
            ..proposal.clone()
        };
        let (one, other) = (judged(&proposal), judged(&turned));
        prop_assert_eq!((one.gates.risk, one.gates.profit), (other.gates.profit, other.gates.risk));
        prop_assert_eq!(one.confidence, other.confidence);
        prop_assert_eq!(one.drift, other.drift);
    }

    /// Around the change whose mean is the factor itself, 2 / 0.8, the probability is that of a fair coin and its tails mirror.
    #[test]
    fn the_tails_mirror(change in -10.0_f64..10.0) {
        let constants = Constants::default();
        let probability = |change| Posterior::of(change, &constants).probability_at_least(2.0, &constants);
        prop_assert!((probability(2.5 + change) + probability(2.5 - change) - 1.0).abs() < 1e-14);
    }

    #[test]
    fn a_change_is_a_number_or_infinite(baseline in finite(), proposed in finite()) {
        let change = relative_change(baseline, proposed, 0.01);
        prop_assert!(!change.is_nan());
        prop_assert!(change.is_infinite() || (change >= 0.0) == (proposed >= baseline) || change == 0.0);
        // The sign of the baseline does not turn that of the change.
        prop_assert_eq!(relative_change(-baseline, -proposed, 0.01), -change);
    }

    #[test]
    fn order_of_subscores_does_not_count(proposal in ordinary(), by in 0_usize..5) {
        let mut turned = proposal.clone();
        let subscores = turned.quality_subscores.to_mut();
        let by = by.min(subscores.len());
        subscores.rotate_left(by);
        prop_assert_eq!(judged(&proposal), judged(&turned));
        let answer = |proposal| Answer::to(proposal, &Constants::default());
        prop_assert_eq!(answer(&proposal), answer(&turned));
    }

    /// The gates are asked as ever, and the status is the one without a baseline.
    #[test]
    fn shadow_mode_only_records(proposal in ordinary()) {
        let shadow = judged(&Proposal { shadow_mode: true, ..proposal.clone() });
        let without = judged(&Proposal { drift_baseline: None, shadow_mode: false, ..proposal.clone() });
        prop_assert_eq!((shadow.gates, shadow.status), (without.gates, without.status));
        prop_assert_eq!(shadow.enforced_drift(), None);
        prop_assert_eq!(shadow.drift, judged(&Proposal { shadow_mode: false, ..proposal }).drift);
    }

    #[test]
    fn nothing_overrides_a_halt_and_only_failed_gates_are_overridden(proposal in ordinary()) {
        let evaluation = judged(&proposal);
        let failed = evaluation.gates.failing().count();
        let halted = !evaluation.gates.complexity.passed || evaluation.drift_is_critical();
        prop_assert_eq!(evaluation.status == Status::Halt, halted);
        prop_assert_eq!(evaluation.override_eligible, failed > 0 && !halted);
        prop_assert!(evaluation.status != Status::Proceed || failed == 0);
    }
}

/// Far in the tail, where one minus the distribution function would be 0.
#[test]
fn the_tail_is_accurate() {
    let constants = Constants::default();
    let probability = |change| Posterior::of(change, &constants).probability_at_least(2.0, &constants);
    // z = 8.944272 and 17.888544: the tail of the standard normal distribution there.
    assert!((probability(-2.5) / 1.868_e-19 - 1.0).abs() < 1e-2, "{:e}", probability(-2.5));
    assert!(probability(-7.5) > 0.0 && probability(-7.5) < 1e-70);
    assert_eq!((probability(f64::INFINITY), probability(f64::NEG_INFINITY)), (1.0, 0.0));
}

/// Where the triggers fire: just beyond these changes, by the posterior and by the predictive distribution.
#[test]
fn triggers_fire_where_documented() {
    for (predictive, change) in [(false, 3.419_501), (true, 3.879_252)] {
        let constants = Constants { predictive, ..Constants::default() };
        let passed = |change| {
            let proposal =
                Proposal { risk_baseline: 1.0, risk_proposed: 1.0 + change, ..Proposal::default() };
            evaluate(&proposal, &constants).gates.risk.passed
        };
        assert!(passed(change - 1e-6) && !passed(change + 1e-6), "{predictive}");
    }
}

/// A number on its bound passes, but for utility, which has to exceed it. Each of these numbers is exact.
#[test]
fn numbers_on_their_bounds() {
    let middle =
        Proposal { risk_baseline: 1.0, risk_proposed: 3.5, novelty_score: 0.7, ..Proposal::default() };
    for novelty_direction in [NoveltyDirection::AtLeast, NoveltyDirection::AtMost] {
        let constants = Constants {
            trigger_probability: 0.5,
            novelty_threshold: 0.5,
            novelty_direction,
            utility_risk_weight: 0.0,
            utility_profit_weight: 0.0,
            utility_threshold: 0.7 * 0.5,
            ..Constants::default()
        };
        let gates = evaluate(&middle, &constants).gates;
        for (gate, bound, passes) in [
            (gates.risk, 0.5, true),
            (gates.novelty, 0.5, true),
            (gates.complexity, 0.5, true),
            (gates.quality, 0.7, true),
            (gates.utility, 0.35, false),
        ] {
            assert_eq!((gate.value, gate.threshold, gate.passed), (Some(bound), bound, passes));
        }
    }
}

/// At both floors and without a change, the utility gate is open at every impact.
#[test]
fn the_floors_are_useful_enough() {
    for impact in Impact::ALL {
        let gates = judged(&Proposal { impact, ..Proposal::default() }).gates;
        assert!(gates.utility.passed, "{impact:?}");
    }
    let critical = judged(&Proposal { impact: Impact::Critical, ..Proposal::default() });
    assert!((value(critical.gates.utility) - 0.0109).abs() < 5e-5);
}
