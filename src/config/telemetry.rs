//! `telemetry`: logs and metrics. Imports `model` only.

use std::net::SocketAddr;

use crate::config::raw::{RawLogFormat, RawTelemetry};
use crate::config::resolve::{Spot, listen_address};

/// Logs and metrics.
#[derive(Clone, Debug)]
pub struct Telemetry {
    /// Serves health, readiness and metrics without a key; `None` does not listen.
    pub listen: Option<SocketAddr>,
    /// What is logged, as directives of `tracing`'s filter. Not judged here: the filter's own errors name the directive.
    pub log: String,
    /// How a log line looks.
    pub log_format: LogFormat,
    /// Whether each request on the data plane leaves a line in the log.
    pub access_log: bool,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

pub(super) fn resolve(raw: RawTelemetry, spot: &Spot<'_>) -> Telemetry {
    let listen = raw.listen.and_then(|text| listen_address(&text, &spot.key("listen")));
    let log_format = match raw.log_format {
        RawLogFormat::Text => LogFormat::Text,
        RawLogFormat::Json => LogFormat::Json,
    };
    Telemetry { listen, log: raw.log, log_format, access_log: raw.access_log }
}
