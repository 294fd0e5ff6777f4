//! Drift baselines that operators have forgotten: `kind: "drift.recalibrated"`.
//!
//! Imports `model` and `audit::record`.

use crate::audit::record::Line;
use crate::model::decimal::write_decimal;
use crate::model::decision::{Divergence, RiskScore, SnapshotRef};

/// The kind of the record. Whoever makes the live numbers again forgets the baseline where it stands.
pub const DRIFT_RECALIBRATED: &str = "drift.recalibrated";

/// An actor's drift baseline is forgotten.
#[derive(Clone, Copy, Debug)]
pub struct RecalibrationRecord<'r> {
    /// The key that did it.
    pub by: &'r str,
    /// The actor's tenant.
    pub tenant: &'r str,
    /// The actor.
    pub actor: &'r str,
    /// Why, as it may be kept.
    pub reason: Option<&'r str>,
    /// How many calls made the baseline.
    pub calls: usize,
    /// How many newer ones were compared with it.
    pub newest: usize,
    /// The mean score of the baseline.
    pub risk_before: Option<RiskScore>,
    /// How far the newer ones diverged from it.
    pub drift: Option<Divergence>,
    /// What was in force.
    pub snapshot: &'r SnapshotRef,
}

impl RecalibrationRecord<'_> {
    /// The record's members.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let mut line = Line::new(DRIFT_RECALIBRATED);
        line.text(",\"by\":", self.by);
        line.text(",\"tenant\":", self.tenant);
        line.text(",\"actor\":", self.actor);
        if let Some(reason) = self.reason {
            line.text(",\"reason\":", reason);
        }
        line.raw(",\"forgotten\":{\"calls\":", "");
        write_decimal(count(self.calls), &mut line.bytes);
        line.raw(",\"newest\":", "");
        write_decimal(count(self.newest), &mut line.bytes);
        if let Some(score) = self.risk_before {
            line.raw(",\"risk_before\":", &score.exact());
        }
        if let Some(drift) = self.drift {
            line.raw(",\"drift\":", &drift.to_string());
        }
        line.raw("},\"snapshot\":", self.snapshot.as_json());
        line.bytes
    }
}
