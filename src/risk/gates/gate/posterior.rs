//! Risk and profit: did it jump? Both gates fail when a jump is nearly certain, the profit gate too: what promises twice its baseline
//! on top is not to be believed.

use std::f64::consts::SQRT_2;

use crate::risk::gates::{Constants, Gate};

/// What is believed of a relative change after it was measured once: a normal distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Posterior {
    /// Its mean; infinite after an infinite change.
    pub mean: f64,
    /// Its standard deviation.
    pub sd: f64,
}

/// A change in units of what was there before: `(proposed - baseline) / |baseline|`, a baseline closer to zero than `epsilon` counting
/// as that. Infinite where the difference is beyond a double, and never NaN for finite arguments and a positive `epsilon`.
#[must_use]
pub fn relative_change(baseline: f64, proposed: f64, epsilon: f64) -> f64 {
    (proposed - baseline) / baseline.abs().max(epsilon)
}

impl Posterior {
    /// Prior and measurement are both normal, so the posterior is too: precisions (inverse variances) add up, and the mean is that of
    /// prior and measurement weighted by them. With the defaults: 0.8 times `change`, with a variance of 0.2.
    #[must_use]
    pub fn of(change: f64, constants: &Constants) -> Self {
        let variance = constants.posterior_variance();
        let prior = constants.prior_mean / (constants.prior_sd * constants.prior_sd);
        let measured = change / (constants.likelihood_sd * constants.likelihood_sd);
        Self { mean: variance * (prior + measured), sd: variance.sqrt() }
    }

    /// How probable it is that the true change is at least `factor`; or the next measured one, where the constants say `predictive`: that
    /// one varies by the likelihood's variance too.
    ///
    /// From the complementary error function, which is accurate in the far tail, where 1 minus something would be 0.
    #[must_use]
    pub fn probability_at_least(&self, factor: f64, constants: &Constants) -> f64 {
        let sd = if constants.predictive {
            (self.sd * self.sd + constants.likelihood_sd * constants.likelihood_sd).sqrt()
        } else {
            self.sd
        };
        0.5 * libm::erfc((factor - self.mean) / sd / SQRT_2)
    }
}

/// The gate of risk or of profit: fails when the change is at least `factor` with more than the probability that triggers. Its confidence
/// is how sure that verdict is.
#[must_use]
pub fn trigger_gate(posterior: &Posterior, factor: f64, constants: &Constants) -> Gate {
    let probability = posterior.probability_at_least(factor, constants);
    let passed = probability <= constants.trigger_probability;
    let confidence = if passed { 1.0 - probability } else { probability };
    Gate::new(passed, probability, constants.trigger_probability).with_confidence(confidence)
}
