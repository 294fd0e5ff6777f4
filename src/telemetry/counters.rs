//! What is counted for each call, found without looking it up by name: the counters of one route, and the gauges of the gates. Imports
//! `model`.

use std::sync::OnceLock;

use prometheus::{Gauge, GaugeVec, IntCounter, IntCounterVec, Opts, Registry};

use crate::model::decision::{
    Divergence, DriftTier, Engine, ExecutionResult, GatesFound, Outcome, ReasonCode,
};
use crate::telemetry::TelemetryError;

/// Requests that have no outcome are counted beside the outcomes.
const COLUMNS: usize = Outcome::ALL.len() + 1;

/// The counters of one route, one for each (outcome, code) of its requests and each result of its executions, resolved as
/// each is first needed. [`Metrics`] fills and counts; whoever owns the route only keeps it.
///
/// [`Metrics`]: crate::telemetry::Metrics
#[derive(Clone, Debug)]
pub struct RouteCounters {
    cells: Vec<OnceLock<IntCounter>>,
    executions: [OnceLock<IntCounter>; ExecutionResult::ALL.len()],
}

/// Counts the dry decisions of one surface.
#[derive(Clone, Debug)]
pub struct DryCounter(pub(super) IntCounter);

impl DryCounter {
    /// One more.
    pub fn count(&self) {
        self.0.inc();
    }
}

/// What the gates found of calls.
#[derive(Clone, Debug)]
pub struct GateMetrics {
    values: GaugeVec,
    /// Those of the six gates, in their order, resolved with the first call.
    gates: [OnceLock<Gauge>; 6],
    drift: OnceLock<Gauge>,
    /// By tier, in their order.
    tiers: [IntCounter; DriftTier::ALL.len()],
    would_have: IntCounterVec,
}

impl GateMetrics {
    pub(super) fn new(registry: &Registry) -> Result<Self, TelemetryError> {
        let values = GaugeVec::new(
            Opts::new(
                "aegis_gate_value",
                "What each gate found of the last call, and the drift of its caller; NaN where that call had no such number.",
            ),
            &["gate"],
        )?;
        let would_have = IntCounterVec::new(
            Opts::new(
                "aegis_would_have_total",
                "Decisions that an engine which is only watched would have made stricter, by what it would have come to.",
            ),
            &["engine", "outcome"],
        )?;
        registry.register(Box::new(values.clone()))?;
        let tiers = IntCounterVec::new(
            Opts::new(
                "aegis_drift_total",
                "Decisions whose caller had made enough calls to tell its drift, by how bad that was.",
            ),
            &["tier"],
        )?;
        registry.register(Box::new(would_have.clone()))?;
        registry.register(Box::new(tiers.clone()))?;
        // All of them are there from the beginning, so that a first warning is an increase.
        let tiers = DriftTier::ALL.map(|tier| tiers.with_label_values(&[tier.as_str()]));
        Ok(Self { values, gates: Default::default(), drift: OnceLock::new(), tiers, would_have })
    }

    /// This was found of a call, on which it was decided so.
    pub fn found(&self, found: &GatesFound, decided: Outcome) {
        // All of them are of one call: what it has no number for shows none, and not that of a call before.
        let show = |cell: &OnceLock<Gauge>, name, value: Option<f64>| {
            cell.get_or_init(|| self.values.with_label_values(&[name])).set(value.unwrap_or(f64::NAN));
        };
        for (cell, gate) in self.gates.iter().zip(&found.gates) {
            show(cell, gate.name, gate.value);
        }
        show(&self.drift, "drift", found.observed.drift.map(Divergence::nats));
        if let Some(counter) = found.drift_tier.and_then(|tier| self.tiers.get(tier as usize)) {
            counter.inc();
        }
        if let Some(wanted) = &found.wanted
            && !found.enforced
            && wanted.outcome > decided
        {
            self.would_have(Engine::Gates, wanted.outcome);
        }
    }

    /// An engine that is only watched would have made a decision stricter.
    pub fn would_have(&self, engine: Engine, outcome: Outcome) {
        self.would_have.with_label_values(&[engine.as_str(), outcome.as_str()]).inc();
    }
}

impl Default for RouteCounters {
    fn default() -> Self {
        Self { cells: vec![OnceLock::new(); ReasonCode::COUNT * COLUMNS], executions: Default::default() }
    }
}

impl RouteCounters {
    /// The place of one counter.
    pub(super) fn cell(&self, outcome: Option<Outcome>, code: ReasonCode) -> Option<&OnceLock<IntCounter>> {
        let column = outcome.map_or(COLUMNS - 1, |outcome| outcome as usize);
        self.cells.get(code as usize * COLUMNS + column)
    }

    /// The place of the counter of one result.
    pub(super) fn execution(&self, result: ExecutionResult) -> Option<&OnceLock<IntCounter>> {
        self.executions.get(result as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_and_code_has_a_place_of_its_own() {
        let counters = RouteCounters::default();
        let mut places = Vec::new();
        for code in [ReasonCode::RuleAllowed, ReasonCode::InternalError] {
            for outcome in Outcome::ALL.map(Some).into_iter().chain([None]) {
                places.push(std::ptr::from_ref(counters.cell(outcome, code).unwrap()));
            }
        }
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), 10);
    }
}
