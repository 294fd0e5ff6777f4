//! The counters of one route, found without looking them up by name. Imports `model`.

use std::sync::OnceLock;

use prometheus::IntCounter;

use crate::model::decision::{ExecutionResult, Outcome, ReasonCode};

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
