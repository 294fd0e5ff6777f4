//! The six gates as configured: the numbers they go by, and whether and how calls of tools pass them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::{self, GateMode, GateSignals};
use crate::risk::gates::{Constants, Impact, ImpactFactors, NoveltyDirection};

/// Most calls that make a baseline: what is kept of an actor has a bound, whatever is configured.
const WINDOW_MAX: u16 = 1000;

/// The six gates.
#[derive(Clone, Debug, Default)]
pub struct Gating {
    /// The numbers they go by: of proposals for changes, and of calls.
    pub constants: Constants,
    /// How calls of tools pass them; `None`: they do not.
    pub live: Option<LiveGates>,
}

/// How calls of tools pass the gates.
#[derive(Clone, Debug)]
pub struct LiveGates {
    /// Whether what the gates say restricts calls; else it is counted and recorded only.
    pub enforced: bool,
    /// How many calls of an actor make its baseline: as configured, or the fewest a baseline may have, if that is more; at most 1,000.
    pub window: u16,
    /// What is known beforehand, by capability or by a prefix of dotted parts.
    signals: HashMap<Arc<str>, Signals>,
}

/// What is known beforehand of calls of a capability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Signals {
    /// How far they reach; `None`: as far as the capability's risk level says.
    pub impact: Option<Impact>,
    /// Whether they can be undone.
    pub reversible: bool,
    /// How good they are, from 0 to 1.
    pub quality: f64,
    /// How simple they are, from 0 to 1.
    pub complexity: f64,
}

impl Gating {
    /// As configured.
    #[must_use]
    pub fn of(gates: &config::Gates) -> Self {
        let enforced = match gates.mode {
            GateMode::Off => None,
            GateMode::Shadow => Some(false),
            GateMode::Enforce => Some(true),
        };
        let signals = |enforced| LiveGates {
            enforced,
            window: u16::try_from(gates.window.max(gates.constants.drift_baseline_minimum))
                .map_or(WINDOW_MAX, |window| window.min(WINDOW_MAX)),
            signals: gates
                .signals
                .iter()
                .map(|(name, written)| (name.as_str().into(), written.into()))
                .collect(),
        };
        Self { constants: constants(&gates.constants), live: enforced.map(signals) }
    }
}

impl LiveGates {
    /// What is known beforehand of calls of `capability`: what is written for its name, else for the longest prefix of it.
    #[must_use]
    pub fn signals(&self, capability: &str) -> Signals {
        if self.signals.is_empty() {
            return Signals::default();
        }
        let own = self.signals.get(capability);
        let dots = capability.rmatch_indices('.');
        let mut above = dots.filter_map(|(dot, _)| capability.get(..dot));
        // A prefix is kept with its `.*`; names have no star, so that the two are never taken for each other.
        let found = own.or_else(|| above.find_map(|prefix| self.signals.get(format!("{prefix}.*").as_str())));
        found.copied().unwrap_or_default()
    }
}

impl Default for Signals {
    fn default() -> Self {
        (&GateSignals::default()).into()
    }
}

impl From<&GateSignals> for Signals {
    fn from(written: &GateSignals) -> Self {
        let GateSignals { impact, reversible, quality, complexity } = *written;
        let impact = impact.map(|impact| match impact {
            config::Impact::Low => Impact::Low,
            config::Impact::Medium => Impact::Medium,
            config::Impact::High => Impact::High,
            config::Impact::Critical => Impact::Critical,
        });
        Self { impact, reversible, quality, complexity }
    }
}

fn constants(written: &config::GateConstants) -> Constants {
    let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let config::ImpactFactors { low, medium, high, critical } = written.impact_factors;
    Constants {
        risk_epsilon: written.epsilon_risk,
        profit_epsilon: written.epsilon_profit,
        risk_trigger_factor: written.risk_trigger_factor,
        profit_trigger_factor: written.profit_trigger_factor,
        trigger_probability: written.trigger_confidence_prob,
        prior_mean: written.prior_mean,
        prior_sd: written.prior_sd,
        likelihood_sd: written.likelihood_sd,
        predictive: written.posterior_predictive,
        novelty_midpoint: written.novelty_midpoint,
        novelty_steepness: written.novelty_steepness,
        novelty_threshold: written.novelty_threshold,
        novelty_direction: match written.novelty_direction {
            config::NoveltyDirection::AtLeast => NoveltyDirection::AtLeast,
            config::NoveltyDirection::AtMost => NoveltyDirection::AtMost,
        },
        quality_minimum: written.quality_minimum,
        utility_risk_weight: written.utility_risk_weight,
        utility_profit_weight: written.utility_profit_weight,
        utility_z: written.utility_z,
        utility_threshold: written.utility_threshold,
        impact_factors: ImpactFactors { low, medium, high, critical },
        drift_baseline_minimum: size(written.drift_baseline_minimum),
        drift_bins: size(written.drift_bins),
        drift_smoothing: written.drift_smoothing,
        drift_anchor: written.drift_anchor,
        drift_warning: written.tau_warning,
        drift_critical: written.tau_critical,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_written_is_as_the_specification_has_it() {
        let written = config::GateConstants::default();
        assert_eq!(constants(&written), Constants::default());
        assert_eq!(constants(&written).check(), Ok(()));
    }
}
