//! `policy.risk`: how calls are scored. Imports nothing of ours.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The risk score of calls whose capability is registered: the sum of five factors from 0 to 1, each times its weight.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Risk")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawRisk {
    /// Whether calls are scored and the score restricts them. Default false.
    pub(crate) enabled: bool,
    /// How much each factor counts; together 1.
    pub(crate) weights: RawWeights,
    /// What scores lead to: each the highest score that still belongs to it, ascending.
    pub(crate) bands: RawBands,
    /// What the risk level of a capability is worth as a factor, before the multipliers; ascending.
    pub(crate) baselines: RawBaselines,
    /// What circumstances multiply that with; the largest that applies counts, and the factor is at most 1.
    pub(crate) multipliers: RawMultipliers,
    /// How far actors are trusted; what they lack is a factor.
    pub(crate) trust: RawTrust,
    /// Whether calls of critical capabilities need a person's approval whatever they score, unless a policy that names the
    /// capability accepts that. Default true.
    pub(crate) floor: bool,
}

/// How much each factor counts; together 1.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "RiskWeights")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawWeights {
    /// The share of the actor's executions of the capability that failed. Default 0.3.
    pub(crate) failures: RawShare,
    /// What the actor lacks in trust. Default 0.25.
    pub(crate) trust: RawShare,
    /// What the capability can do. Default 0.2.
    pub(crate) capability: RawShare,
    /// What is unusual about the call. Default 0.15.
    pub(crate) anomaly: RawShare,
    /// What other gateways report: nothing does, so this factor is 0. Default 0.1.
    pub(crate) federation: RawShare,
}

/// What scores lead to: each the highest score that still belongs to it, ascending. Above escalate a call is denied.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "RiskBands")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawBands {
    /// Nothing follows. Default 0.2.
    pub(crate) allow: RawShare,
    /// The call is recorded in full and counted. Default 0.5.
    pub(crate) monitoring: RawShare,
    /// The call is escalated. Default 0.8.
    pub(crate) escalate: RawShare,
}

/// What the risk level of a capability is worth, before the multipliers; ascending.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "RiskBaselines")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawBaselines {
    /// Of level low. Default 0.1.
    pub(crate) low: RawShare,
    /// Of level medium. Default 0.3.
    pub(crate) medium: RawShare,
    /// Of level high. Default 0.6.
    pub(crate) high: RawShare,
    /// Of level critical. Default 0.9.
    pub(crate) critical: RawShare,
}

/// What circumstances multiply the baseline with; the largest that applies counts.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "RiskMultipliers")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawMultipliers {
    /// The environment of the call is production. Default 2.
    #[schemars(range(min = 1, max = 100))]
    pub(crate) production: f64,
    /// The capability has the tag destructive. Default 1.5.
    #[schemars(range(min = 1, max = 100))]
    pub(crate) destructive: f64,
    /// The capability has the tag policy_change. Default 2.5.
    #[schemars(range(min = 1, max = 100))]
    pub(crate) policy_change: f64,
}

/// How far actors are trusted: 0 not at all, 1 wholly.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "RiskTrust")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawTrust {
    /// Actors that actors does not name. Default 0.5.
    pub(crate) new_actor: RawShare,
    /// By the actor's id. Default none.
    pub(crate) actors: BTreeMap<String, RawShare>,
}

/// A number from 0 to 1.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "Share")]
pub(crate) struct RawShare(#[schemars(range(min = 0, max = 1))] pub(crate) f64);

impl Default for RawRisk {
    fn default() -> Self {
        Self {
            enabled: false,
            weights: RawWeights::default(),
            bands: RawBands::default(),
            baselines: RawBaselines::default(),
            multipliers: RawMultipliers::default(),
            trust: RawTrust::default(),
            floor: true,
        }
    }
}

impl Default for RawWeights {
    fn default() -> Self {
        Self {
            failures: RawShare(0.3),
            trust: RawShare(0.25),
            capability: RawShare(0.2),
            anomaly: RawShare(0.15),
            federation: RawShare(0.1),
        }
    }
}

impl Default for RawBands {
    fn default() -> Self {
        Self { allow: RawShare(0.2), monitoring: RawShare(0.5), escalate: RawShare(0.8) }
    }
}

impl Default for RawBaselines {
    fn default() -> Self {
        Self { low: RawShare(0.1), medium: RawShare(0.3), high: RawShare(0.6), critical: RawShare(0.9) }
    }
}

impl Default for RawMultipliers {
    fn default() -> Self {
        Self { production: 2.0, destructive: 1.5, policy_change: 2.5 }
    }
}

impl Default for RawTrust {
    fn default() -> Self {
        Self { new_actor: RawShare(0.5), actors: BTreeMap::new() }
    }
}
