//! A drift baseline that was forgotten, as whoever had it forgotten sees it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::gateway::Recalibrated;
use crate::model::decision::{Divergence, DriftTier, RiskScore};

/// What was forgotten of an actor.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "DriftRecalibration")]
pub(in crate::control) struct RecalibrationForm {
    actor_id: String,
    /// The actor's tenant.
    tenant: String,
    /// What its calls were compared with until then.
    forgotten: ForgottenForm,
    /// When.
    #[schemars(extend("format" = "date-time"))]
    recalibrated_at: String,
}

/// A drift baseline.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "DriftBaseline")]
struct ForgottenForm {
    /// How many calls made the baseline.
    calls: u64,
    /// How many newer ones were compared with it.
    newest: u64,
    /// The mean score of the baseline; `null` while it had too few calls.
    risk_before: Option<f64>,
    /// How far the newer ones diverged from it, in nats; `null` while there were too few to tell.
    drift: Option<f64>,
    /// How bad that was.
    #[schemars(extend("enum" = tiers()))]
    drift_tier: Option<&'static str>,
}

/// Every tier, and that there is none.
fn tiers() -> Vec<Option<&'static str>> {
    DriftTier::ALL.into_iter().map(|tier| Some(tier.as_str())).chain([None]).collect()
}

impl RecalibrationForm {
    /// What `done` forgot of `actor`.
    pub(in crate::control) fn new(tenant: &str, actor: &str, done: Recalibrated) -> Self {
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let exact = |score: RiskScore| f64::from(score.as_ten_thousandths()) / 10_000.0;
        let Recalibrated { forgotten, tier, at } = done;
        Self {
            actor_id: actor.to_owned(),
            tenant: tenant.to_owned(),
            forgotten: ForgottenForm {
                calls: count(forgotten.calls),
                newest: count(forgotten.newest),
                risk_before: forgotten.risk.map(exact),
                drift: forgotten.drift.map(Divergence::nats),
                drift_tier: tier.map(DriftTier::as_str),
            },
            recalibrated_at: at.to_rfc3339(),
        }
    }
}
