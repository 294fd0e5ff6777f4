//! The metrics of what is made of the ledger: its index, and the live numbers.

use prometheus::{IntCounter, IntGauge, Registry};

use crate::telemetry::TelemetryError;

/// How far the index is behind, and how often it failed.
#[derive(Clone, Debug)]
pub struct IndexMetrics {
    lag: IntGauge,
    failures: IntCounter,
}

impl IndexMetrics {
    pub(in crate::telemetry) fn new(registry: &Registry) -> Result<Self, TelemetryError> {
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

/// How much is known of callers, and whether it is kept.
#[derive(Clone, Debug)]
pub struct FactsMetrics {
    actors: IntGauge,
    grants: IntGauge,
    failures: IntCounter,
}

impl FactsMetrics {
    pub(in crate::telemetry) fn new(registry: &Registry) -> Result<Self, TelemetryError> {
        let actors = IntGauge::new("aegis_facts_actors", "Actors whose conduct is known.")?;
        let grants = IntGauge::new(
            "aegis_facts_grants",
            "Grants whose uses are counted, and capabilities with a limit that all callers share.",
        )?;
        let failures = IntCounter::new(
            "aegis_facts_failures_total",
            "Times that the checkpoint of the live numbers could not be brought up to date.",
        )?;
        registry.register(Box::new(actors.clone()))?;
        registry.register(Box::new(grants.clone()))?;
        registry.register(Box::new(failures.clone()))?;
        Ok(Self { actors, grants, failures })
    }

    /// The checkpoint could not be brought up to date.
    pub fn failed(&self) {
        self.failures.inc();
    }

    /// So much is known.
    pub fn know(&self, actors: usize, grants: usize) {
        self.actors.set(i64::try_from(actors).unwrap_or(i64::MAX));
        self.grants.set(i64::try_from(grants).unwrap_or(i64::MAX));
    }
}
