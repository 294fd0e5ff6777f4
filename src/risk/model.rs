//! The formula of AGP-1, divided by ten: `0.30 H + 0.25 T + 0.20 C + 0.15 A + 0.10 F` with each factor from 0 to 1.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::decision::{Anomaly, Conduct, RiskLevel, RiskScore};
use crate::risk::{Band, RiskInput};

/// What 1 is in the units of factors, bands, trust, baselines and multipliers.
const ONE: u64 = 10_000;

/// What 1 is in the units of weights.
const ONE_WEIGHT: u64 = 1_000_000_000;

/// How calls are scored. `Default` = what holds where the configuration says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RiskModel {
    /// How much each factor counts.
    pub weights: Weights,
    /// Where the bands end.
    pub bands: Bands,
    /// What the level of a capability is worth.
    pub baselines: Baselines,
    /// What circumstances make of that.
    pub multipliers: Multipliers,
    /// How far callers are trusted.
    pub trust: Trust,
    /// Whether calls of critical capabilities need a person whatever they score, unless a policy that names the capability
    /// accepts that. Not part of the score.
    pub floor: bool,
}

/// How much each factor counts, in billionths; all of them and what is left to federation make 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weights {
    /// H: the share of the caller's executions of the capability that failed.
    pub failures: u32,
    /// T: what the caller lacks in trust.
    pub trust: u32,
    /// C: what the capability can do, where it would run.
    pub capability: u32,
    /// A: what is unusual about the call.
    pub anomaly: u32,
}

/// Where the bands end, in ten-thousandths and ascending; a score on a bound belongs to the milder band.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bands {
    /// The end of [`Band::None`].
    pub allow: u16,
    /// The end of [`Band::Monitoring`].
    pub monitoring: u16,
    /// The end of [`Band::Escalate`].
    pub escalate: u16,
}

/// What the level of a capability is worth, in ten-thousandths and ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Baselines {
    /// Of [`RiskLevel::Low`].
    pub low: u16,
    /// Of [`RiskLevel::Medium`].
    pub medium: u16,
    /// Of [`RiskLevel::High`].
    pub high: u16,
    /// Of [`RiskLevel::Critical`].
    pub critical: u16,
}

/// What the baseline is multiplied by, in ten-thousandths, each at least 1; of those that apply the largest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Multipliers {
    /// In production.
    pub production: u32,
    /// For capabilities with the tag `destructive`.
    pub destructive: u32,
    /// For capabilities with the tag `policy_change`.
    pub policy_change: u32,
}

/// How far callers are trusted, in ten-thousandths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// Those who are not named.
    pub new_actor: u16,
    /// By the actor's id.
    pub actors: HashMap<Arc<str>, u16>,
}

/// What each unusual thing adds to A, in ten-thousandths; all of them make 1.
const NEW_CAPABILITY: u64 = 3_000;
const UNSEEN_HOUR: u64 = 3_000;
const UNSEEN_WEEKDAY: u64 = 2_000;
const BURST: u64 = 2_000;

impl RiskModel {
    /// How dangerous a call looks. No factor that grows makes it smaller.
    ///
    /// Exact, then rounded up to ten-thousandths: so a score that is above a bound by whatever little never falls on it.
    /// F is 0: nothing feeds it, and its weight only takes from the others'.
    #[must_use]
    pub fn score(&self, input: &RiskInput) -> RiskScore {
        let parts = [
            (self.weights.trust, ONE.saturating_sub(input.trust.into())),
            (self.weights.capability, self.capability(input)),
            (self.weights.anomaly, anomaly(input.conduct.anomaly)),
        ];
        let others: u64 = parts.iter().map(|(weight, factor)| u64::from(*weight) * factor).sum();
        let exact = failures(self.weights.failures, &input.conduct) + others;
        RiskScore::from_ten_thousandths(u32::try_from(exact.div_ceil(ONE_WEIGHT)).unwrap_or(u32::MAX))
    }

    /// What a score leads to.
    #[must_use]
    pub fn band(&self, score: RiskScore) -> Band {
        let score = score.as_ten_thousandths();
        match self.bands {
            Bands { allow, .. } if score <= allow => Band::None,
            Bands { monitoring, .. } if score <= monitoring => Band::Monitoring,
            Bands { escalate, .. } if score <= escalate => Band::Escalate,
            _ => Band::Deny,
        }
    }

    /// How far `actor` is trusted, in ten-thousandths.
    #[must_use]
    pub fn trust_of(&self, actor: &str) -> u16 {
        self.trust.actors.get(actor).copied().unwrap_or(self.trust.new_actor)
    }

    /// C, in ten-thousandths.
    fn capability(&self, input: &RiskInput) -> u64 {
        let baseline = match input.level {
            RiskLevel::Low => self.baselines.low,
            RiskLevel::Medium => self.baselines.medium,
            RiskLevel::High => self.baselines.high,
            RiskLevel::Critical => self.baselines.critical,
        };
        let Multipliers { production, destructive, policy_change } = self.multipliers;
        let circumstances = [
            (input.environment_is_production, production),
            (input.destructive, destructive),
            (input.policy_change, policy_change),
        ];
        let largest =
            circumstances.into_iter().filter(|(applies, _)| *applies).map(|(_, by)| by.into()).max();
        (u64::from(baseline) * largest.unwrap_or(ONE)).div_ceil(ONE).min(ONE)
    }
}

/// H times its weight, in the units of the two together. Kept a fraction to the end: a third of something has no exact
/// decimal, and rounded early it could lift a score over a bound.
fn failures(weight: u32, conduct: &Conduct) -> u64 {
    let reports = u64::from(conduct.reports.max(1));
    let failures = u64::from(conduct.failures.min(conduct.reports));
    // At most 2^30 * 2^14 * 2^32 in between.
    let product = u128::from(weight) * u128::from(ONE) * u128::from(failures);
    u64::try_from(product.div_ceil(reports.into())).unwrap_or(u64::MAX)
}

/// A, in ten-thousandths.
fn anomaly(seen: Anomaly) -> u64 {
    let Anomaly { new_capability, unseen_hour, unseen_weekday, burst } = seen;
    let features = [
        (new_capability, NEW_CAPABILITY),
        (unseen_hour, UNSEEN_HOUR),
        (unseen_weekday, UNSEEN_WEEKDAY),
        (burst, BURST),
    ];
    features.into_iter().filter(|(is_seen, _)| *is_seen).map(|(_, adds)| adds).sum()
}

impl Default for RiskModel {
    fn default() -> Self {
        Self {
            weights: Weights::default(),
            bands: Bands::default(),
            baselines: Baselines::default(),
            multipliers: Multipliers::default(),
            trust: Trust::default(),
            floor: true,
        }
    }
}

impl Default for Weights {
    fn default() -> Self {
        Self { failures: 300_000_000, trust: 250_000_000, capability: 200_000_000, anomaly: 150_000_000 }
    }
}

impl Default for Bands {
    fn default() -> Self {
        Self { allow: 2_000, monitoring: 5_000, escalate: 8_000 }
    }
}

impl Default for Baselines {
    fn default() -> Self {
        Self { low: 1_000, medium: 3_000, high: 6_000, critical: 9_000 }
    }
}

impl Default for Multipliers {
    fn default() -> Self {
        Self { production: 20_000, destructive: 15_000, policy_change: 25_000 }
    }
}

impl Default for Trust {
    fn default() -> Self {
        Self { new_actor: 5_000, actors: HashMap::new() }
    }
}
