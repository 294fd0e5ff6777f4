//! The metrics of what waits for people: calls, and evaluations that some override. States are the words of `holds::HoldState`, passed in.

use std::time::Duration;

use prometheus::{Histogram, HistogramOpts, IntCounterVec, IntGaugeVec, Opts, Registry};

use crate::telemetry::TelemetryError;

/// Buckets for what people do, in seconds: from 1 second to 1 day.
const PEOPLE_BUCKETS: [f64; 12] =
    [1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0, 14_400.0, 43_200.0, 86_400.0];

/// Where holds stand, and how long people take.
#[derive(Clone, Debug)]
pub struct HoldMetrics {
    standing: IntGaugeVec,
    decision: Histogram,
    overrides: IntCounterVec,
}

impl HoldMetrics {
    pub(in crate::telemetry) fn new(registry: &Registry) -> Result<Self, TelemetryError> {
        let standing = IntGaugeVec::new(
            Opts::new("aegis_holds", "Holds in the store, by the state they stand in."),
            &["state"],
        )?;
        let decision = Histogram::with_opts(
            HistogramOpts::new(
                "aegis_hold_decision_seconds",
                "Time from the opening of a hold to its approval or rejection.",
            )
            .buckets(PEOPLE_BUCKETS.to_vec()),
        )?;
        let overrides = IntCounterVec::new(
            Opts::new(
                "aegis_overrides_total",
                "Votes about overrides of evaluations, by what came of each: requested, granted or withdrawn.",
            ),
            &["state"],
        )?;
        registry.register(Box::new(overrides.clone()))?;
        registry.register(Box::new(standing.clone()))?;
        registry.register(Box::new(decision.clone()))?;
        Ok(Self { standing, decision, overrides })
    }

    /// So many stand in `state`.
    pub fn stand(&self, state: &str, count: u64) {
        self.standing.with_label_values(&[state]).set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// One moved from a state, if it was in one, to another.
    pub fn moved(&self, from: Option<&str>, to: &str) {
        if let Some(from) = from {
            self.standing.with_label_values(&[from]).dec();
        }
        self.standing.with_label_values(&[to]).inc();
    }

    /// Somebody voted about an override, and that came of it.
    pub fn overridden(&self, state: &str) {
        self.overrides.with_label_values(&[state]).inc();
    }

    /// People took so long to decide.
    pub fn observe_decision(&self, took: Duration) {
        self.decision.observe(took.as_secs_f64());
    }
}
