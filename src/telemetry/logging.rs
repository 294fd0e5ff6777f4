//! Where log lines go and what they look like. Never arguments, never secrets: that is kept by what is passed to
//! `tracing`, and Pingora's own lines, which print request targets, are let through from `error` up only.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Directive;

use crate::telemetry::TelemetryError;

/// How lines are written (`telemetry.log_format`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Checks a filter without starting anything.
///
/// # Errors
/// `filter` is not a filter `tracing_subscriber` understands.
pub fn check_log_filter(filter: &str) -> Result<(), TelemetryError> {
    parse_filter(filter).map(drop)
}

fn parse_filter(filter: &str) -> Result<EnvFilter, TelemetryError> {
    EnvFilter::try_new(filter).map_err(|error| TelemetryError::Filter(error.to_string()))
}

/// Starts logging to standard error. A second call changes nothing.
///
/// # Errors
/// `filter` is not a filter `tracing_subscriber` understands.
pub fn init_logging(filter: &str, format: LogFormat) -> Result<(), TelemetryError> {
    let mut filter = parse_filter(filter)?;
    for quiet in ["pingora_core=error", "pingora_proxy=off", "pingora_pool=off", "notify=error"] {
        let directive: Directive = quiet.parse().map_err(|_| TelemetryError::Filter(quiet.to_owned()))?;
        filter = filter.add_directive(directive);
    }
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    // Where nobody reads standard error any more, a line that cannot be written is lost. By default the subscriber would say so on
    // standard error, which panics, in the midst of a change or of a request.
    let builder = builder.log_internal_errors(false);
    // Colors are for people at a terminal, not for files and collectors.
    let builder = builder.with_ansi(std::io::stderr().is_terminal());
    // `try_init` fails only when a subscriber is set already, as when tests start several gateways in one process.
    let _already_set = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    Ok(())
}
