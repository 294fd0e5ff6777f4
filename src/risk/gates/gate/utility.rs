//! Utility: is the change worth it, even if things turn out rather badly?

use crate::risk::gates::{Constants, Gate, Posterior, Proposal};

/// A lower confidence bound of the expected utility against its threshold, which it has to exceed.
///
/// A change is worth its quality times its simplicity, plus what profit it adds, minus what risk it adds; risk weighs more the further
/// it reaches. Profit and risk are the relative changes as believed after measurement, and independent, so their variances add up. The
/// bound lies `utility_z` standard deviations below the mean (normal approximation). Where both are infinite there is no bound, and the
/// gate fails.
#[must_use]
pub fn utility_gate(
    proposal: &Proposal<'_>,
    risk: &Posterior,
    profit: &Posterior,
    constants: &Constants,
) -> Gate {
    let worth = proposal.quality_score.clamp(0.0, 1.0) * proposal.complexity_score.clamp(0.0, 1.0);
    let by_profit = constants.utility_profit_weight;
    let by_risk = constants.utility_risk_weight * constants.impact_factor(proposal.impact);
    let mean = worth + by_profit * profit.mean - by_risk * risk.mean;
    let sd = risk.sd * (by_risk * by_risk + by_profit * by_profit).sqrt();
    let bound = mean - constants.utility_z * sd;
    Gate::new(bound > constants.utility_threshold, bound, constants.utility_threshold)
}
