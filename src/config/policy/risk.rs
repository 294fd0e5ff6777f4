//! `policy.risk`: how calls are scored, in the integers that scores are made of. Imports `model` only.

use std::collections::BTreeMap;

use crate::config::raw::{RawBands, RawBaselines, RawMultipliers, RawRisk, RawShare, RawTrust, RawWeights};
use crate::config::resolve::Spot;

/// How calls are scored. Everything but weights is in ten-thousandths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Risk {
    /// How much each factor counts.
    pub weights: RiskWeights,
    /// What scores lead to.
    pub bands: RiskBands,
    /// What risk levels are worth.
    pub baselines: RiskBaselines,
    /// What circumstances multiply that with.
    pub multipliers: RiskMultipliers,
    /// How far actors are trusted.
    pub trust: RiskTrust,
    /// Whether critical capabilities need a person whatever the score.
    pub floor: bool,
}

/// How much each factor counts, in billionths; together 1, give or take the rounding of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RiskWeights {
    /// Failed executions.
    pub failures: u32,
    /// Lack of trust.
    pub trust: u32,
    /// What the capability can do.
    pub capability: u32,
    /// What is unusual.
    pub anomaly: u32,
    /// What other gateways report.
    pub federation: u32,
}

/// The highest score of each band, ascending; two that are equal leave the second one out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RiskBands {
    /// Nothing follows.
    pub allow: u16,
    /// Monitoring.
    pub monitoring: u16,
    /// Escalation.
    pub escalate: u16,
}

/// What risk levels are worth, ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RiskBaselines {
    /// Of low.
    pub low: u16,
    /// Of medium.
    pub medium: u16,
    /// Of high.
    pub high: u16,
    /// Of critical.
    pub critical: u16,
}

/// What circumstances multiply a baseline with; 1 to 100 times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RiskMultipliers {
    /// Production.
    pub production: u32,
    /// The tag `destructive`.
    pub destructive: u32,
    /// The tag `policy_change`.
    pub policy_change: u32,
}

/// How far actors are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RiskTrust {
    /// Those that are not named.
    pub new_actor: u16,
    /// By id; at most 10,000.
    pub actors: BTreeMap<String, u16>,
}

/// How far the sum of the weights may be from 1.
const TOLERANCE: f64 = 1e-9;
/// Most actors whose trust is written.
const ACTORS_MAX: usize = 10_000;

pub(super) fn resolve(raw: &RawRisk, spot: &Spot<'_>) -> Option<Risk> {
    let weights = weights(&raw.weights, &spot.key("weights"));
    let bands = bands(&raw.bands, &spot.key("bands"));
    let baselines = baselines(&raw.baselines, &spot.key("baselines"));
    let multipliers = multipliers(&raw.multipliers, &spot.key("multipliers"));
    let trust = trust(&raw.trust, &spot.key("trust"));
    Some(Risk {
        weights: weights?,
        bands: bands?,
        baselines: baselines?,
        multipliers: multipliers?,
        trust: trust?,
        floor: raw.floor,
    })
}

fn weights(raw: &RawWeights, spot: &Spot<'_>) -> Option<RiskWeights> {
    let all = [raw.failures, raw.trust, raw.capability, raw.anomaly, raw.federation];
    let sum: f64 = all.iter().map(|weight| weight.0).sum();
    if (sum - 1.0).abs() > TOLERANCE {
        let said = all.map(|weight| weight.0.to_string()).join(" + ");
        spot.refuse_with(
            format!("the weights make {}, not 1", (sum * 1e9).round() / 1e9),
            format!("failures, trust, capability, anomaly and federation are {said}, with the defaults of those not written"),
        );
        return None;
    }
    let [failures, trust, capability, anomaly, federation] =
        all.map(|weight| scaled(weight.0, 1e9).unwrap_or(0));
    Some(RiskWeights { failures, trust, capability, anomaly, federation })
}

fn bands(raw: &RawBands, spot: &Spot<'_>) -> Option<RiskBands> {
    let ends = [("allow", raw.allow), ("monitoring", raw.monitoring), ("escalate", raw.escalate)];
    let [allow, monitoring, escalate] = ascending(ends, spot)?;
    Some(RiskBands { allow, monitoring, escalate })
}

fn baselines(raw: &RawBaselines, spot: &Spot<'_>) -> Option<RiskBaselines> {
    let levels = [("low", raw.low), ("medium", raw.medium), ("high", raw.high), ("critical", raw.critical)];
    let [low, medium, high, critical] = ascending(levels, spot)?;
    Some(RiskBaselines { low, medium, high, critical })
}

fn multipliers(raw: &RawMultipliers, spot: &Spot<'_>) -> Option<RiskMultipliers> {
    let exact = |name, by| ten_thousandths(by, &spot.key(name));
    let production = exact("production", raw.production);
    let destructive = exact("destructive", raw.destructive);
    let policy_change = exact("policy_change", raw.policy_change);
    Some(RiskMultipliers {
        production: production?,
        destructive: destructive?,
        policy_change: policy_change?,
    })
}

fn trust(raw: &RawTrust, spot: &Spot<'_>) -> Option<RiskTrust> {
    let new_actor = share(raw.new_actor, &spot.key("new_actor"));
    let at_actors = spot.key("actors");
    if raw.actors.len() > ACTORS_MAX {
        at_actors.refuse(format!("must have at most {ACTORS_MAX} entries, has {}", raw.actors.len()));
        return None;
    }
    let actors: Option<BTreeMap<_, _>> =
        raw.actors.iter().map(|(id, trust)| Some((id.clone(), share(*trust, &at_actors.key(id))?))).collect();
    Some(RiskTrust { new_actor: new_actor?, actors: actors? })
}

/// The shares of a list in which none is less than the one before; complains of the first that is.
fn ascending<const N: usize>(named: [(&str, RawShare); N], spot: &Spot<'_>) -> Option<[u16; N]> {
    let values = named.map(|(name, value)| share(value, &spot.key(name)));
    for ((before, low), (name, high)) in named.iter().zip(named.iter().skip(1)) {
        if high.0 < low.0 {
            spot.key(name).refuse(format!("less than {before}, which is {}", low.0));
            return None;
        }
    }
    let mut found = [0; N];
    for (slot, value) in found.iter_mut().zip(values) {
        *slot = value?;
    }
    Some(found)
}

fn share(value: RawShare, spot: &Spot<'_>) -> Option<u16> {
    ten_thousandths(value.0, spot).and_then(|value| u16::try_from(value).ok())
}

/// The number in ten-thousandths; complains of finer ones, because what is written is what must hold.
fn ten_thousandths(value: f64, spot: &Spot<'_>) -> Option<u32> {
    let scaled = scaled(value, 1e4).filter(|scaled| (f64::from(*scaled) - value * 1e4).abs() < 1e-6);
    spot.require(scaled, || "has more than four digits after the point".to_owned())
}

/// The number times `by`, rounded; `None` below 0 and above what fits.
fn scaled(value: f64, by: f64) -> Option<u32> {
    let scaled = (value * by).round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the range")]
    (0.0..=f64::from(u32::MAX)).contains(&scaled).then_some(scaled as u32)
}
