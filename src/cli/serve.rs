//! `aegis serve --config FILE`; `policy_server.rs` does the rest.

use std::process::ExitCode;

use anyhow::Result;

use crate::app::{App, ConfigSource, Options, load_to_start};
use crate::audit::reconcile::Reconciled;
use crate::cli::command::Serve;
use crate::cli::{output, policy_server};
use crate::config;
use crate::control::Access;
use crate::telemetry::{LogFormat, init_logging};

pub(super) fn run(arguments: &Serve) -> Result<ExitCode> {
    if let Some(policy) = &arguments.policy {
        return policy_server::run(policy, &arguments.server);
    }
    let Some(path) = &arguments.config else {
        output::error("what is to be served? aegis serve POLICY, or aegis serve --config FILE");
        return Ok(ExitCode::from(output::USAGE));
    };
    let source = ConfigSource::File(path.clone());
    let loaded = match load_to_start(&source) {
        Ok(loaded) => loaded,
        Err(error) => {
            output::problems(&format!("{error:#}"));
            return Ok(ExitCode::from(output::BAD_CONFIGURATION));
        }
    };
    let format = match loaded.config.telemetry.log_format {
        config::LogFormat::Text => LogFormat::Text,
        config::LogFormat::Json => LogFormat::Json,
    };
    init_logging(&loaded.config.telemetry.log, format)?;
    let app = App::start(Options::gateway(source, Access::Keys), &loaded)?;
    announce(&app);
    output::line("ready");
    app.run()?;
    Ok(ExitCode::SUCCESS)
}

/// Says where everything is. Other programs read these lines, so they only get additions.
pub(super) fn announce(app: &App) {
    if let Some(path) = app.made_key() {
        output::line(&format!("no keys are configured: an admin key was made in {}", path.display()));
    }
    for repair in &app.opened().repaired {
        let cut = match &repair.reason {
            Some(reason) => format!("a torn end was cut off and kept in its folder torn/ ({reason})"),
            None => "nothing was lost".to_owned(),
        };
        output::line(&format!(
            "{} had not been closed: {} records kept, {cut}",
            repair.epoch, repair.records
        ));
    }
    for Reconciled { epoch, calls } in app.reconciled() {
        match calls {
            Ok(0) => {}
            Ok(calls) => output::line(&format!(
                "{epoch} ended with {calls} calls of which nobody saw the outcome: recorded as outcome_unknown"
            )),
            Err(error) => output::line(&format!(
                "{epoch} could not be searched for calls without an outcome, the next start tries again: {error}"
            )),
        }
    }
    output::line(&format!("ledger in {}", app.ledger_directory().display()));
    output::line(&format!("control listening on http://{}", app.control_address()));
    if let Some(address) = app.telemetry_address() {
        output::line(&format!("telemetry listening on http://{address}"));
    }
    for address in app.gateway_addresses() {
        output::line(&format!("gateway listening on {address}"));
    }
}
