//! L0: every metric declared once, how logging is set up, and the access log.
//!
//! May import `model`. Nothing here decides anything: values come in after the fact. Start reading at [`Metrics`].

mod access_log;
mod counters;
mod error;
mod families;
mod logging;
mod metrics;
mod redaction;
mod upstreams;

pub use access_log::{AccessLine, AccessLog, AccessRequest};
pub use counters::{DryCounter, GateMetrics, RouteCounters};
pub use error::TelemetryError;
pub use families::{CedarMetrics, FactsMetrics, HoldMetrics, IndexMetrics};
pub use logging::{LogFormat, check_log_filter, init_logging};
pub use metrics::Metrics;
pub use redaction::Redaction;
pub use upstreams::UpstreamGauge;
