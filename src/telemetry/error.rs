//! What can go wrong while telemetry is set up.

use thiserror::Error;

/// Telemetry that could not be set up.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// `telemetry.log` is no filter.
    #[error("telemetry.log is no log filter ({0}); examples: info, warn, aegis_gateway=debug")]
    Filter(String),
    /// A metric was declared twice or badly.
    #[error("metrics could not be registered: {0}")]
    Metrics(#[from] prometheus::Error),
}
