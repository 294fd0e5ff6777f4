//! Every metric the gateway exports, declared here and nowhere else. Other people's dashboards rely on the names.

use std::time::Instant;

use prometheus::{
    Encoder, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

use crate::model::decision::{ExecutionResult, Outcome, ReasonCode};
use crate::telemetry::{
    CedarMetrics, DryCounter, FactsMetrics, GateMetrics, HoldMetrics, IndexMetrics, RouteCounters,
    TelemetryError, UpstreamGauge,
};

/// Buckets for what happens inside the gateway, in seconds: from 1 microsecond to 1 second.
const INSIDE_BUCKETS: [f64; 14] = [
    0.000_001,
    0.000_002_5,
    0.000_005,
    0.000_01,
    0.000_025,
    0.000_05,
    0.000_1,
    0.000_25,
    0.001,
    0.002_5,
    0.01,
    0.05,
    0.25,
    1.0,
];

/// The metrics of one process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    executions: IntCounterVec,
    decision: Histogram,
    processing: Histogram,
    append: Histogram,
    ledger_records: IntCounter,
    execution_failed: IntCounter,
    access_log_dropped: IntCounter,
    ledger_disk_free: IntGauge,
    snapshot_version: IntGauge,
    snapshot_rejected: IntCounter,
    panics: IntCounter,
    shed: IntCounter,
    dry: IntCounterVec,
    upstream_healthy: IntGaugeVec,
    holds: HoldMetrics,
    index: IndexMetrics,
    facts: FactsMetrics,
    gates: GateMetrics,
    cedar: CedarMetrics,
}

impl Metrics {
    /// Declares all metrics on a registry of their own.
    ///
    /// # Errors
    /// A name declared twice: a defect.
    pub fn new(version: &str) -> Result<Self, TelemetryError> {
        let histogram = |name: &str, help: &str| {
            Histogram::with_opts(HistogramOpts::new(name, help).buckets(INSIDE_BUCKETS.to_vec()))
        };
        let registry = Registry::new();
        let metrics = Self {
            holds: HoldMetrics::new(&registry)?,
            index: IndexMetrics::new(&registry)?,
            facts: FactsMetrics::new(&registry)?,
            gates: GateMetrics::new(&registry)?,
            cedar: CedarMetrics::new(&registry)?,
            registry,
            requests: IntCounterVec::new(
                Opts::new(
                    "aegis_requests_total",
                    "Requests to the data plane by route, outcome and reason code.",
                ),
                &["route", "outcome", "code"],
            )?,
            executions: IntCounterVec::new(
                Opts::new(
                    "aegis_executions_total",
                    "Calls that were let through, by route and what became of them.",
                ),
                &["route", "result"],
            )?,
            decision: histogram(
                "aegis_decision_seconds",
                "Time to decide one call, extraction and ledger aside.",
            )?,
            processing: histogram(
                "aegis_request_processing_seconds",
                "Time from the whole request to the verdict, ledger included, upstream aside.",
            )?,
            append: histogram(
                "aegis_ledger_append_seconds",
                "Time until a record was safe under the durability set.",
            )?,
            ledger_records: IntCounter::new(
                "aegis_ledger_records_total",
                "Records appended by this process.",
            )?,
            execution_failed: IntCounter::new(
                "aegis_ledger_execution_failed_total",
                "Execution records the ledger did not take when their call ended.",
            )?,
            access_log_dropped: IntCounter::new(
                "aegis_access_log_dropped_total",
                "Access log lines dropped because standard error did not take them in time.",
            )?,
            ledger_disk_free: IntGauge::new(
                "aegis_ledger_disk_free_bytes",
                "Free space of the ledger's file system, as last probed.",
            )?,
            snapshot_version: IntGauge::new(
                "aegis_snapshot_version",
                "Version of the policy snapshot in force.",
            )?,
            snapshot_rejected: IntCounter::new(
                "aegis_snapshot_rejected_total",
                "Candidate snapshots refused since the start.",
            )?,
            shed: IntCounter::new(
                "aegis_shed_total",
                "Requests refused because as many were under way as may be.",
            )?,
            dry: IntCounterVec::new(
                Opts::new("aegis_dry_total", "Decisions that were asked for without a call, by surface."),
                &["surface"],
            )?,
            panics: IntCounter::new("aegis_panics_total", "Panics caught while serving a request.")?,
            upstream_healthy: IntGaugeVec::new(
                Opts::new(
                    "aegis_upstream_healthy",
                    "1 while calls of the route go to the address, 0 while it is avoided.",
                ),
                &["route", "address"],
            )?,
        };
        metrics.register(version)?;
        Ok(metrics)
    }

    fn register(&self, version: &str) -> Result<(), TelemetryError> {
        let build =
            IntGaugeVec::new(Opts::new("aegis_build_info", "Always 1; labels say what runs."), &["version"])?;
        build.with_label_values(&[version]).set(1);
        self.registry.register(Box::new(build))?;
        self.registry.register(Box::new(self.requests.clone()))?;
        self.registry.register(Box::new(self.executions.clone()))?;
        self.registry.register(Box::new(self.upstream_healthy.clone()))?;
        self.registry.register(Box::new(self.dry.clone()))?;
        for histogram in [&self.decision, &self.processing, &self.append] {
            self.registry.register(Box::new(histogram.clone()))?;
        }
        let counters = [
            &self.ledger_records,
            &self.execution_failed,
            &self.access_log_dropped,
            &self.snapshot_rejected,
            &self.panics,
            &self.shed,
        ];
        for counter in counters {
            self.registry.register(Box::new(counter.clone()))?;
        }
        for gauge in [&self.ledger_disk_free, &self.snapshot_version] {
            self.registry.register(Box::new(gauge.clone()))?;
        }
        Ok(())
    }

    /// The counter of one (route, outcome, code), looked up by name.
    #[must_use]
    pub fn requests(&self, route: &str, outcome: Option<Outcome>, code: ReasonCode) -> IntCounter {
        let outcome = outcome.map_or("REFUSED", Outcome::as_str);
        self.requests.with_label_values(&[route, outcome, code.as_str()])
    }

    /// Counts a request of a route that keeps its counters.
    pub fn count(&self, route: &str, counters: &RouteCounters, outcome: Option<Outcome>, code: ReasonCode) {
        match counters.cell(outcome, code) {
            Some(cell) => cell.get_or_init(|| self.requests(route, outcome, code)).inc(),
            None => self.requests(route, outcome, code).inc(),
        }
    }

    /// Counts what became of a call of a route that keeps its counters.
    pub fn executed(&self, route: &str, counters: &RouteCounters, result: ExecutionResult) {
        let resolve = || self.executions.with_label_values(&[route, result.as_str()]);
        match counters.execution(result) {
            Some(cell) => cell.get_or_init(resolve).inc(),
            None => resolve().inc(),
        }
    }

    /// Notes an execution record that was not taken.
    pub fn execution_not_recorded(&self) {
        self.execution_failed.inc();
    }

    /// Notes lines that are missing from the access log.
    pub fn access_log_dropped(&self, lines: u64) {
        self.access_log_dropped.inc_by(lines);
    }

    /// Notes how long a decision took.
    pub fn observe_decision(&self, started: Instant) {
        self.decision.observe(started.elapsed().as_secs_f64());
    }

    /// Notes how long a request took to its verdict.
    pub fn observe_processing(&self, started: Instant) {
        self.processing.observe(started.elapsed().as_secs_f64());
    }

    /// Notes how long a record took to be safe.
    pub fn observe_append(&self, started: Instant) {
        self.append.observe(started.elapsed().as_secs_f64());
    }

    /// The metrics of calls that wait for a person.
    #[must_use]
    pub const fn holds(&self) -> &HoldMetrics {
        &self.holds
    }

    /// What counts the decisions that a surface makes dry.
    #[must_use]
    pub fn dry(&self, surface: &str) -> DryCounter {
        DryCounter(self.dry.with_label_values(&[surface]))
    }

    /// The metrics of the ledger's index.
    #[must_use]
    pub const fn index(&self) -> &IndexMetrics {
        &self.index
    }

    /// The metrics of what is known of callers.
    #[must_use]
    pub const fn facts(&self) -> &FactsMetrics {
        &self.facts
    }

    /// The metrics of the Cedar engine that takes part.
    #[must_use]
    pub const fn cedar(&self) -> &CedarMetrics {
        &self.cedar
    }

    /// The metrics of the gates on live traffic.
    #[must_use]
    pub const fn gates(&self) -> &GateMetrics {
        &self.gates
    }

    /// Notes a caught panic.
    pub fn panicked(&self) {
        self.panics.inc();
    }

    /// Notes a request refused for lack of a place.
    pub fn shed(&self) {
        self.shed.inc();
    }

    /// Notes the snapshot now in force.
    pub fn snapshot_published(&self, version: u64) {
        self.snapshot_version.set(i64::try_from(version).unwrap_or(i64::MAX));
    }

    /// Notes a refused candidate.
    pub fn snapshot_rejected(&self) {
        self.snapshot_rejected.inc();
    }

    /// What shows whether an address of a route's upstream is fit for calls.
    #[must_use]
    pub fn upstream(&self, route: &str, address: &str) -> UpstreamGauge {
        let gauge = self.upstream_healthy.with_label_values(&[route, address]);
        UpstreamGauge { route: route.to_owned(), address: address.to_owned(), gauge }
    }

    /// The address is no route's any more.
    pub fn forget_upstream(&self, shown: &UpstreamGauge) {
        // Not there any more is what is wanted.
        let _absent = self.upstream_healthy.remove_label_values(&[&shown.route, &shown.address]);
    }

    /// Everything in the text format of Prometheus. What the ledger knows of itself is read at the scrape: the records of
    /// this process, and the free space of its file system in bytes.
    ///
    /// # Errors
    /// The encoder's.
    pub fn render(&self, ledger_records: u64, disk_free_bytes: u64) -> Result<Vec<u8>, TelemetryError> {
        self.ledger_records.inc_by(ledger_records.saturating_sub(self.ledger_records.get()));
        self.ledger_disk_free.set(i64::try_from(disk_free_bytes).unwrap_or(i64::MAX));
        let mut text = Vec::with_capacity(4096);
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}
