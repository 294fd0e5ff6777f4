//! The constants: that the defaults are those of the evaluation, and that nonsense is named.

use crate::risk::gates::{Constants, ImpactFactors, Posterior, Proposal, evaluate};

#[test]
fn the_defaults_make_sense_and_the_posterior_they_should() {
    let constants = Constants::default();
    assert_eq!(constants.check(), Ok(()));
    let Posterior { mean, sd } = Posterior::of(1.0, &constants);
    assert_eq!((mean, sd), (0.8, 0.2_f64.sqrt()));
}

#[test]
fn the_first_constant_without_sense_is_named() {
    type Change = fn(&mut Constants);
    let cases: [(Change, &str); 19] = [
        (|it| it.risk_epsilon = 0.0, "risk_epsilon must be finite and above 0"),
        (|it| it.profit_epsilon = f64::NAN, "profit_epsilon must be finite and above 0"),
        (|it| it.risk_trigger_factor = f64::INFINITY, "risk_trigger_factor must be finite"),
        (|it| it.trigger_probability = 1.0, "trigger_probability must be above 0 and below 1"),
        (|it| it.prior_mean = f64::NEG_INFINITY, "prior_mean must be finite"),
        (|it| it.prior_sd = 0.0, "prior_sd must be finite and above 0"),
        (|it| it.likelihood_sd = -0.5, "likelihood_sd must be finite and above 0"),
        (
            |it| it.likelihood_sd = 1e-200,
            "likelihood_sd must be neither vanishing nor vast, and prior_sd too",
        ),
        (|it| it.novelty_steepness = 0.0, "novelty_steepness must be finite and above 0"),
        (|it| it.novelty_threshold = 1.5, "novelty_threshold must be from 0 to 1"),
        (|it| it.utility_risk_weight = -0.1, "utility_risk_weight must be finite and at least 0"),
        (
            |it| it.impact_factors = ImpactFactors { critical: f64::NAN, ..ImpactFactors::default() },
            "impact_factors.critical must be finite and at least 0",
        ),
        (|it| it.drift_baseline_minimum = 0, "drift_baseline_minimum must be at least 1"),
        (|it| it.drift_bins = 0, "drift_bins must be from 1 to 1000"),
        (|it| it.drift_bins = 1_001, "drift_bins must be from 1 to 1000"),
        (|it| it.drift_smoothing = 0.0, "drift_smoothing must be finite and above 0"),
        (|it| it.drift_anchor = 0.0, "drift_anchor must be finite and above 0"),
        (|it| it.drift_warning = 0.6, "drift_warning must be at most drift_critical"),
        (|it| (it.quality_minimum, it.drift_bins) = (f64::NAN, 0), "quality_minimum must be finite"),
    ];
    for (change, expected) in cases {
        let mut constants = Constants::default();
        change(&mut constants);
        assert_eq!(constants.check().unwrap_err().to_string(), expected);
    }
}

/// Each constant changes what it is for.
#[test]
fn constants_are_gone_by() {
    type Change = fn(&mut Constants);
    let proposal = Proposal {
        risk_baseline: 0.001,
        risk_proposed: 0.03,
        profit_baseline: 1.0,
        profit_proposed: 1.2,
        novelty_score: 0.85,
        complexity_score: 0.75,
        quality_score: 0.85,
        ..Proposal::default()
    };
    let default = evaluate(&proposal, &Constants::default());
    let changes: [Change; 19] = [
        |it| it.risk_epsilon = 0.02,
        |it| it.profit_epsilon = 2.0,
        |it| it.risk_trigger_factor = 1.0,
        |it| it.profit_trigger_factor = 1.0,
        |it| it.trigger_probability = 0.5,
        |it| it.prior_mean = 0.5,
        |it| it.prior_sd = 2.0,
        |it| it.likelihood_sd = 0.25,
        |it| it.predictive = true,
        |it| it.novelty_midpoint = 0.9,
        |it| it.novelty_steepness = 5.0,
        |it| it.novelty_threshold = 0.9,
        |it| it.novelty_direction = crate::risk::gates::NoveltyDirection::AtMost,
        |it| it.quality_minimum = 0.9,
        |it| it.utility_risk_weight = 0.3,
        |it| it.utility_profit_weight = 0.3,
        |it| it.utility_z = 1.0,
        |it| it.utility_threshold = 0.9,
        |it| it.impact_factors.medium = 2.0,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut constants = Constants::default();
        change(&mut constants);
        assert_eq!(constants.check(), Ok(()), "{number}");
        assert_ne!(evaluate(&proposal, &constants).gates, default.gates, "{number}");
    }
}
