//! Drift baselines that an operator has forgotten: an actor whose work has changed for good is compared with what it does from now on.

use std::sync::Arc;

use thiserror::Error;

use crate::audit::record::RecalibrationRecord;
use crate::decision::PolicySnapshot;
use crate::facts::{DriftBaseline, Who};
use crate::gateway::Gateway;
use crate::model::decision::DriftTier;
use crate::model::time::Timestamp;
use crate::risk::gates::Drift;

/// What stands where a reason must not be kept (`audit.redact`).
const REDACTED: &str = "[REDACTED]";

/// Where drift baselines are forgotten.
#[derive(Clone, Debug)]
pub struct DriftDesk {
    gateway: Arc<Gateway>,
}

/// Whose baseline is to be forgotten, and why.
#[derive(Clone, Copy, Debug)]
pub struct Recalibration<'r> {
    /// The actor's tenant.
    pub tenant: &'r str,
    /// The actor.
    pub actor: &'r str,
    /// The key that asks for it.
    pub by: &'r str,
    /// Why, where that was said.
    pub reason: Option<&'r str>,
}

/// A baseline that was forgotten.
#[derive(Clone, Copy, Debug)]
pub struct Recalibrated {
    /// What it was when that was recorded.
    pub forgotten: DriftBaseline,
    /// How bad the drift from it was.
    pub tier: Option<DriftTier>,
    /// When.
    pub at: Timestamp,
}

/// A baseline that is not forgotten. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RecalibrationRefused {
    /// Nobody has one.
    #[error("calls do not pass the gates")]
    Off,
    /// This one has none.
    #[error("nothing was observed of the actor")]
    Unobserved,
    /// It could not be recorded.
    #[error("the ledger takes no record")]
    Ledger,
}

impl DriftDesk {
    /// A desk for the callers of `gateway`.
    #[must_use]
    pub const fn new(gateway: Arc<Gateway>) -> Self {
        Self { gateway }
    }

    /// Has an actor's drift baseline forgotten, so that its next calls make a new one. What is familiar of it stays so.
    ///
    /// INVARIANT: nothing is forgotten whose record the ledger did not take, so that a start forgets it too. Of calls that are under
    /// way meanwhile, some may count for the old baseline and others for the new one.
    ///
    /// # Errors
    /// [`RecalibrationRefused`].
    pub async fn recalibrate(
        &self,
        snapshot: &PolicySnapshot,
        asked: Recalibration<'_>,
    ) -> Result<Recalibrated, RecalibrationRefused> {
        let gating = snapshot.gates();
        let window = gating.live.as_ref().ok_or(RecalibrationRefused::Off)?.window;
        let Recalibration { tenant, actor, by, reason } = asked;
        let (who, live) = (Who::caller(tenant, actor), self.gateway.live());
        let known = live.drift_baseline(&who, window, &gating.constants);
        let forgotten = known.ok_or(RecalibrationRefused::Unobserved)?;
        let hidden = self.gateway.redaction.hides("reason");
        let record = RecalibrationRecord {
            by,
            tenant,
            actor,
            reason: reason.map(|reason| if hidden { REDACTED } else { reason }),
            calls: forgotten.calls,
            newest: forgotten.newest,
            risk_before: forgotten.risk,
            drift: forgotten.drift,
            snapshot: &snapshot.reference,
        };
        let at = self.gateway.clock.now();
        self.gateway.record_approval(&record.payload(), at).await.map_err(|error| {
            tracing::error!(%error, "the ledger took no record of a recalibration; the baseline stays");
            RecalibrationRefused::Ledger
        })?;
        live.recalibrate(&who);
        let tier = forgotten.drift.map(|drift| Drift::of(drift.nats(), &gating.constants).tier);
        Ok(Recalibrated { forgotten, tier, at })
    }
}
