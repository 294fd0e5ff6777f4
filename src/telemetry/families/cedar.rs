//! The metrics of the Cedar engine that takes part in decisions.

use prometheus::{Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts, Registry};

use crate::model::decision::CedarFound;
use crate::telemetry::TelemetryError;

/// Upper bounds, in policies. An engine whose policies say in their scopes what they are about stays in the first ones.
const CANDIDATE_BUCKETS: [f64; 9] = [0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 200.0, 1000.0];

/// What the enforcing engine says of calls.
#[derive(Clone, Debug)]
pub struct CedarMetrics {
    /// Allowed and denied, where that counts and where it is only watched.
    decisions: [[IntCounter; 2]; 2],
    /// To allowed, and to denied.
    flips: [IntCounter; 2],
    errors: IntCounter,
    candidates: Histogram,
    policies: IntGauge,
}

impl CedarMetrics {
    pub(in crate::telemetry) fn new(registry: &Registry) -> Result<Self, TelemetryError> {
        let decisions = IntCounterVec::new(
            Opts::new("aegis_cedar_decisions_total", "What the Cedar engine that takes part said of calls."),
            &["mode", "decision"],
        )?;
        let flips = IntCounterVec::new(
            Opts::new(
                "aegis_cedar_flips_total",
                "Calls that would be decided otherwise if Cedar policies that are only watched counted, by what they would come to.",
            ),
            &["to"],
        )?;
        let errors =
            IntCounter::new("aegis_cedar_policy_errors_total", "Evaluations of Cedar policies that failed.")?;
        let candidates = Histogram::with_opts(
            HistogramOpts::new(
                "aegis_cedar_candidates",
                "How many Cedar policies that count were evaluated for a call: those that the index could not rule out.",
            )
            .buckets(CANDIDATE_BUCKETS.to_vec()),
        )?;
        let policies = IntGauge::new(
            "aegis_cedar_policies",
            "Policies of the Cedar engine that takes part, those that can be read no more among them.",
        )?;
        registry.register(Box::new(candidates.clone()))?;
        registry.register(Box::new(policies.clone()))?;
        registry.register(Box::new(decisions.clone()))?;
        registry.register(Box::new(flips.clone()))?;
        registry.register(Box::new(errors.clone()))?;
        // All of them are there from the beginning, so that a first denial is an increase.
        let of = |mode: &str| ["allow", "deny"].map(|word| decisions.with_label_values(&[mode, word]));
        let flips = ["allow", "deny"].map(|word| flips.with_label_values(&[word]));
        Ok(Self { decisions: ["enforce", "log_only"].map(of), flips, errors, candidates, policies })
    }

    /// The engine found this of a call.
    pub fn found(&self, found: &CedarFound) {
        let [[allowed, denied], [would_allow, would_deny]] = &self.decisions;
        match (found.enforced, found.allowed) {
            (true, true) => allowed.inc(),
            (true, false) => denied.inc(),
            (false, true) => would_allow.inc(),
            (false, false) => would_deny.inc(),
        }
        if let Some(shadow) = found.shadow.as_ref().filter(|shadow| shadow.flips) {
            let [to_allow, to_deny] = &self.flips;
            if shadow.allowed { to_allow.inc() } else { to_deny.inc() }
        }
        self.errors.inc_by(u64::try_from(found.failures).unwrap_or(u64::MAX));
        #[expect(clippy::cast_precision_loss, reason = "there are at most 100,000 policies")]
        self.candidates.observe(found.candidates as f64);
    }

    /// The engine that takes part has so many policies from now on; none where none does.
    pub fn enforcing(&self, policies: usize) {
        self.policies.set(i64::try_from(policies).unwrap_or(i64::MAX));
    }
}
