//! Every number the gates go by. An operator may change any of them but one: the complexity floor.

use thiserror::Error;

use crate::risk::gates::Impact;

/// The score that a proposal's simplicity has to reach, on the scale of 0 to 1. Not a field of [`Constants`]: the evaluation API
/// promises that no setting and no approval gets a change past it.
pub const COMPLEXITY_FLOOR: f64 = 0.5;

/// Most bins of a drift histogram; more would cost time and tell nothing of a few hundred values.
const MAX_DRIFT_BINS: usize = 1_000;

/// The constants of an evaluation. `Default` = what holds where the configuration says nothing; [`Constants::check`] finds values
/// that make no sense together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constants {
    /// Least divisor of the relative change in risk, in units of risk: a baseline closer to zero counts as that. Above 0.
    pub risk_epsilon: f64,
    /// The same for profit.
    pub profit_epsilon: f64,
    /// From which relative change on risk counts as jumped: 2 is "grew by twice its baseline".
    pub risk_trigger_factor: f64,
    /// The same for profit.
    pub profit_trigger_factor: f64,
    /// How probable such a jump has to be for the gate to fail: it does above this, not at it. Between 0 and 1, both excluded.
    pub trigger_probability: f64,
    /// What relative change is expected before anything is known: mean of the prior, a normal distribution.
    pub prior_mean: f64,
    /// Standard deviation of the prior. Above 0.
    pub prior_sd: f64,
    /// Standard deviation of a measured change around the true one. Above 0.
    pub likelihood_sd: f64,
    /// Whether the jump is asked of the next measurement (posterior predictive) instead of the true change (posterior).
    pub predictive: bool,
    /// N0: the novelty score at which the logistic function is one half.
    pub novelty_midpoint: f64,
    /// k: how steep the function is there, per unit of the score. Above 0.
    pub novelty_steepness: f64,
    /// What the function's value is compared with, from 0 to 1.
    pub novelty_threshold: f64,
    /// From which side.
    pub novelty_direction: NoveltyDirection,
    /// The quality score a proposal has to reach.
    pub quality_minimum: f64,
    /// What a relative change in risk of 1 costs at medium impact, in units of utility. At least 0.
    pub utility_risk_weight: f64,
    /// What a relative change in profit of 1 is worth, in units of utility. At least 0.
    pub utility_profit_weight: f64,
    /// How many standard deviations the lower bound lies below the expected utility: 1.645 makes it a one-sided bound of 95%. At
    /// least 0.
    pub utility_z: f64,
    /// What the lower bound has to exceed.
    pub utility_threshold: f64,
    /// How much the blast radius multiplies the cost of risk.
    pub impact_factors: ImpactFactors,
    /// Fewest values of a baseline that drift is measured from. At least 1.
    pub drift_baseline_minimum: usize,
    /// Bins of equal width over the range of the baseline; one more takes what lies outside. 1 to 1,000.
    pub drift_bins: usize,
    /// Added to the count of every bin of the baseline, so that none is impossible. Above 0.
    pub drift_smoothing: f64,
    /// How many values distributed like the baseline are mixed into the current ones, so that a few of them prove little. Above 0.
    pub drift_anchor: f64,
    /// Divergence, in nats, above which drift is a warning. At least 0 and at most [`Self::drift_critical`].
    pub drift_warning: f64,
    /// Divergence, in nats, above which drift is critical.
    pub drift_critical: f64,
}

/// What the cost of risk is multiplied by, by impact. Each at least 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImpactFactors {
    /// For [`Impact::Low`].
    pub low: f64,
    /// For [`Impact::Medium`].
    pub medium: f64,
    /// For [`Impact::High`].
    pub high: f64,
    /// For [`Impact::Critical`].
    pub critical: f64,
}

/// On which side of its threshold the novelty gate opens. Published examples of the evaluation API show both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NoveltyDirection {
    /// At the threshold and above.
    #[default]
    AtLeast,
    /// At the threshold and below.
    AtMost,
}

/// A constant that makes no sense: its name, as the field of [`Constants`] is called, and what it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{name} must be {rule}")]
pub struct ConstantsError {
    /// The field.
    pub name: &'static str,
    /// What it must be, for people.
    pub rule: &'static str,
}

impl Default for Constants {
    fn default() -> Self {
        Self {
            risk_epsilon: 0.01,
            profit_epsilon: 0.01,
            risk_trigger_factor: 2.0,
            profit_trigger_factor: 2.0,
            trigger_probability: 0.95,
            prior_mean: 0.0,
            prior_sd: 1.0,
            likelihood_sd: 0.5,
            predictive: false,
            novelty_midpoint: 0.7,
            novelty_steepness: 10.0,
            novelty_threshold: 0.8,
            novelty_direction: NoveltyDirection::AtLeast,
            quality_minimum: 0.7,
            utility_risk_weight: 0.15,
            utility_profit_weight: 0.10,
            // The 95% quantile of the standard normal distribution.
            utility_z: 1.644_853_626_951_472_2,
            utility_threshold: 0.0,
            impact_factors: ImpactFactors::default(),
            drift_baseline_minimum: 30,
            drift_bins: 10,
            drift_smoothing: 0.5,
            drift_anchor: 5.0,
            drift_warning: 0.3,
            drift_critical: 0.5,
        }
    }
}

impl Default for ImpactFactors {
    fn default() -> Self {
        Self { low: 0.5, medium: 1.0, high: 2.0, critical: 3.0 }
    }
}

impl Constants {
    /// What the cost of risk is multiplied by at `impact`.
    #[must_use]
    pub const fn impact_factor(&self, impact: Impact) -> f64 {
        match impact {
            Impact::Low => self.impact_factors.low,
            Impact::Medium => self.impact_factors.medium,
            Impact::High => self.impact_factors.high,
            Impact::Critical => self.impact_factors.critical,
        }
    }

    /// Variance of the relative change once it was measured: the precisions of prior and likelihood add up.
    #[must_use]
    pub fn posterior_variance(&self) -> f64 {
        1.0 / (1.0 / (self.prior_sd * self.prior_sd) + 1.0 / (self.likelihood_sd * self.likelihood_sd))
    }

    /// Finds a constant that makes no sense, in the order of the fields.
    ///
    /// # Errors
    /// The first one, with what it must be.
    pub fn check(&self) -> Result<(), ConstantsError> {
        let refuse = |name, rule| Err(ConstantsError { name, rule });
        for (name, value, range) in self.ranges() {
            if !range.holds(value) {
                return refuse(name, range.rule());
            }
        }
        // Standard deviations so extreme that their squares vanish or overflow leave no distribution.
        if !Range::Positive.holds(self.posterior_variance()) {
            return refuse("likelihood_sd", "neither vanishing nor vast, and prior_sd too");
        }
        if self.drift_baseline_minimum == 0 {
            return refuse("drift_baseline_minimum", "at least 1");
        }
        if !(1..=MAX_DRIFT_BINS).contains(&self.drift_bins) {
            return refuse("drift_bins", "from 1 to 1000");
        }
        if self.drift_warning > self.drift_critical {
            return refuse("drift_warning", "at most drift_critical");
        }
        Ok(())
    }

    /// Every double with where it may lie.
    const fn ranges(&self) -> [(&'static str, f64, Range); 24] {
        use Range::{Finite, NotNegative, Positive, Share, WithinShare};
        let factors = self.impact_factors;
        [
            ("risk_epsilon", self.risk_epsilon, Positive),
            ("profit_epsilon", self.profit_epsilon, Positive),
            ("risk_trigger_factor", self.risk_trigger_factor, Finite),
            ("profit_trigger_factor", self.profit_trigger_factor, Finite),
            ("trigger_probability", self.trigger_probability, WithinShare),
            ("prior_mean", self.prior_mean, Finite),
            ("prior_sd", self.prior_sd, Positive),
            ("likelihood_sd", self.likelihood_sd, Positive),
            ("novelty_midpoint", self.novelty_midpoint, Finite),
            ("novelty_steepness", self.novelty_steepness, Positive),
            ("novelty_threshold", self.novelty_threshold, Share),
            ("quality_minimum", self.quality_minimum, Finite),
            ("utility_risk_weight", self.utility_risk_weight, NotNegative),
            ("utility_profit_weight", self.utility_profit_weight, NotNegative),
            ("utility_z", self.utility_z, NotNegative),
            ("utility_threshold", self.utility_threshold, Finite),
            ("impact_factors.low", factors.low, NotNegative),
            ("impact_factors.medium", factors.medium, NotNegative),
            ("impact_factors.high", factors.high, NotNegative),
            ("impact_factors.critical", factors.critical, NotNegative),
            ("drift_smoothing", self.drift_smoothing, Positive),
            ("drift_anchor", self.drift_anchor, Positive),
            ("drift_warning", self.drift_warning, NotNegative),
            ("drift_critical", self.drift_critical, NotNegative),
        ]
    }
}

/// Where a constant may lie; always finite.
#[derive(Clone, Copy)]
enum Range {
    Finite,
    NotNegative,
    Positive,
    /// From 0 to 1.
    Share,
    /// Between 0 and 1, both excluded.
    WithinShare,
}

impl Range {
    fn holds(self, value: f64) -> bool {
        value.is_finite()
            && match self {
                Self::Finite => true,
                Self::NotNegative => value >= 0.0,
                Self::Positive => value > 0.0,
                Self::Share => (0.0..=1.0).contains(&value),
                Self::WithinShare => value > 0.0 && value < 1.0,
            }
    }

    const fn rule(self) -> &'static str {
        match self {
            Self::Finite => "finite",
            Self::NotNegative => "finite and at least 0",
            Self::Positive => "finite and above 0",
            Self::Share => "from 0 to 1",
            Self::WithinShare => "above 0 and below 1",
        }
    }
}
