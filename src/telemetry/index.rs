//! The metrics of the ledger's index.

use prometheus::{IntCounter, IntGauge, Registry};

use crate::telemetry::TelemetryError;

/// How far the index is behind, and how often it failed.
#[derive(Clone, Debug)]
pub struct IndexMetrics {
    lag: IntGauge,
    failures: IntCounter,
}

impl IndexMetrics {
    pub(super) fn new(registry: &Registry) -> Result<Self, TelemetryError> {
        let lag =
            IntGauge::new("aegis_index_lag_records", "Records of the ledger that are not in its index yet.")?;
        let failures = IntCounter::new(
            "aegis_index_failures_total",
            "Times that the index of the ledger could not be added to, or was made anew.",
        )?;
        registry.register(Box::new(lag.clone()))?;
        registry.register(Box::new(failures.clone()))?;
        Ok(Self { lag, failures })
    }

    /// It could not be added to, or was made anew.
    pub fn failed(&self) {
        self.failures.inc();
    }

    /// So many records are not in it.
    pub fn behind(&self, records: u64) {
        self.lag.set(i64::try_from(records).unwrap_or(i64::MAX));
    }
}
