//! `policy.gates`: the six gates, on live traffic and for the evaluation API. Imports nothing of ours. What needs no more than its type
//! and range is used as it is written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The six gates. The evaluation API (`POST /evaluate`) always has them; calls of tools pass them where mode says so.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Gates")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawGates {
    /// Whether calls of tools pass the gates. Default off.
    pub(crate) mode: GateMode,
    /// The numbers that the gates go by.
    pub(crate) constants: GateConstants,
    /// How an actor's calls are compared with what it did before.
    pub(crate) drift: RawGateDrift,
    /// What is known beforehand of calls, by capability: a name, or a dotted prefix with `.*`. The longest that fits counts.
    pub(crate) signals: BTreeMap<String, GateSignals>,
}

/// Whether calls of tools pass the gates.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GateMode {
    /// They do not.
    #[default]
    Off,
    /// They do, and what the gates would have done is counted and recorded only.
    Shadow,
    /// They do, and what the gates say restricts them.
    Enforce,
}

/// How an actor's calls are compared with what it did before.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "GateDrift")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawGateDrift {
    /// How many calls of an actor make the baseline that its next calls are compared with. Default 200.
    #[schemars(range(min = 30, max = 1000))]
    pub(crate) window: u32,
}

/// What is known beforehand of calls of a capability.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct GateSignals {
    /// How far a call reaches. Default as the registered capability's risk level, else medium.
    pub impact: Option<Impact>,
    /// Whether it can be undone. Default true.
    pub reversible: bool,
    /// How good calls of it are, 0 to 1. Default 0.9.
    #[schemars(range(min = 0, max = 1))]
    pub quality: f64,
    /// How simple they are, 0 to 1; below 0.5 they are halted. Default 0.9.
    #[schemars(range(min = 0, max = 1))]
    pub complexity: f64,
}

/// How far a call reaches.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Impact {
    /// Hardly anywhere.
    Low,
    /// As far as is usual.
    Medium,
    /// So far that people decide.
    High,
    /// Everywhere.
    Critical,
}

/// The numbers that the gates go by. That complexity must reach 0.5 is not among them: nothing changes that.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct GateConstants {
    /// Least divisor of the relative change in risk. Default 0.01.
    #[serde(rename = "epsilon_R")]
    #[schemars(range(min = 0.000_000_001, max = 1_000_000_000))]
    pub epsilon_risk: f64,
    /// The same for profit. Default 0.01.
    #[serde(rename = "epsilon_P")]
    #[schemars(range(min = 0.000_000_001, max = 1_000_000_000))]
    pub epsilon_profit: f64,
    /// From which relative change on risk counts as jumped. Default 2.
    #[schemars(range(min = -1_000_000_000, max = 1_000_000_000))]
    pub risk_trigger_factor: f64,
    /// The same for profit. Default 2.
    #[schemars(range(min = -1_000_000_000, max = 1_000_000_000))]
    pub profit_trigger_factor: f64,
    /// How probable a jump must be for the gate to fail: above this. Default 0.95.
    #[schemars(range(min = 0.000_001, max = 0.999_999))]
    pub trigger_confidence_prob: f64,
    /// Mean of the prior of a relative change. Default 0.
    #[schemars(range(min = -1_000_000, max = 1_000_000))]
    pub prior_mean: f64,
    /// Its standard deviation. Default 1.
    #[schemars(range(min = 0.000_001, max = 1_000_000))]
    pub prior_sd: f64,
    /// Standard deviation of a measured change around the true one. Default 0.5.
    #[schemars(range(min = 0.000_001, max = 1_000_000))]
    pub likelihood_sd: f64,
    /// Whether the jump is asked of the next measurement instead of the true change. Default false.
    pub posterior_predictive: bool,
    /// The novelty score at which its function is one half. Default 0.7.
    #[serde(rename = "novelty_N0")]
    #[schemars(range(min = -1000, max = 1000))]
    pub novelty_midpoint: f64,
    /// How steep the function is there. Default 10.
    #[serde(rename = "novelty_k")]
    #[schemars(range(min = 0.000_001, max = 1_000_000))]
    pub novelty_steepness: f64,
    /// What the function's value is compared with. Default 0.8.
    #[schemars(range(min = 0, max = 1))]
    pub novelty_threshold: f64,
    /// On which side of it the gate opens. Default at_least.
    pub novelty_direction: NoveltyDirection,
    /// The quality score to be reached. Default 0.7.
    #[schemars(range(min = 0, max = 1))]
    pub quality_minimum: f64,
    /// What the lower bound of the expected utility must exceed. Default 0.
    #[schemars(range(min = -1_000_000, max = 1_000_000))]
    pub utility_threshold: f64,
    /// What a relative change in risk of 1 costs at medium impact. Default 0.15.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub utility_risk_weight: f64,
    /// What a relative change in profit of 1 is worth. Default 0.1.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub utility_profit_weight: f64,
    /// How many standard deviations the bound lies below the expected utility. Default 1.6448536269514722.
    #[schemars(range(min = 0, max = 1000))]
    pub utility_z: f64,
    /// What the cost of risk is multiplied with, by impact.
    pub impact_factors: ImpactFactors,
    /// Fewest values of a baseline that drift is measured from. Default 30.
    #[schemars(range(min = 1, max = 100_000))]
    pub drift_baseline_minimum: u32,
    /// Bins over the range of the baseline. Default 10.
    #[schemars(range(min = 1, max = 1000))]
    pub drift_bins: u32,
    /// Added to the count of every bin. Default 0.5.
    #[schemars(range(min = 0.000_001, max = 1_000_000))]
    pub drift_smoothing: f64,
    /// How many values distributed like the baseline are mixed into the current ones. Default 5.
    #[schemars(range(min = 0.000_001, max = 1_000_000))]
    pub drift_anchor: f64,
    /// Divergence, in nats, above which drift is a warning. Default 0.3.
    #[schemars(range(min = 0, max = 1000))]
    pub tau_warning: f64,
    /// Divergence above which drift is critical; at least tau_warning. Default 0.5.
    #[schemars(range(min = 0, max = 1000))]
    pub tau_critical: f64,
}

/// On which side of its threshold the novelty gate opens.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoveltyDirection {
    /// At it and above.
    AtLeast,
    /// At it and below.
    AtMost,
}

/// What the cost of risk is multiplied with.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImpactFactors {
    /// At low impact. Default 0.5.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub low: f64,
    /// At medium impact. Default 1.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub medium: f64,
    /// At high impact. Default 2.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub high: f64,
    /// At critical impact. Default 3.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub critical: f64,
}

impl Default for RawGates {
    fn default() -> Self {
        Self {
            mode: GateMode::Off,
            constants: GateConstants::default(),
            drift: RawGateDrift::default(),
            signals: BTreeMap::new(),
        }
    }
}

impl Default for RawGateDrift {
    fn default() -> Self {
        Self { window: 200 }
    }
}

impl Default for GateSignals {
    fn default() -> Self {
        Self { impact: None, reversible: true, quality: 0.9, complexity: 0.9 }
    }
}

impl Default for ImpactFactors {
    fn default() -> Self {
        Self { low: 0.5, medium: 1.0, high: 2.0, critical: 3.0 }
    }
}

impl Default for GateConstants {
    fn default() -> Self {
        Self {
            epsilon_risk: 0.01,
            epsilon_profit: 0.01,
            risk_trigger_factor: 2.0,
            profit_trigger_factor: 2.0,
            trigger_confidence_prob: 0.95,
            prior_mean: 0.0,
            prior_sd: 1.0,
            likelihood_sd: 0.5,
            posterior_predictive: false,
            novelty_midpoint: 0.7,
            novelty_steepness: 10.0,
            novelty_threshold: 0.8,
            novelty_direction: NoveltyDirection::AtLeast,
            quality_minimum: 0.7,
            utility_threshold: 0.0,
            utility_risk_weight: 0.15,
            utility_profit_weight: 0.1,
            utility_z: 1.644_853_626_951_472_2,
            impact_factors: ImpactFactors::default(),
            drift_baseline_minimum: 30,
            drift_bins: 10,
            drift_smoothing: 0.5,
            drift_anchor: 5.0,
            tau_warning: 0.3,
            tau_critical: 0.5,
        }
    }
}
