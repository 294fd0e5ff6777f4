//! The verbs that talk to a running gateway: where it is, with which key, and how its refusals end.

use std::process::ExitCode;

use serde_json::Value;

use crate::app::{Remote, RemoteError};
use crate::cli::output;

#[derive(Debug, clap::Args)]
pub(super) struct RemoteArguments {
    /// The gateway's control listener.
    #[arg(long, env = "AEGIS_URL", default_value = "http://127.0.0.1:8000", hide_env_values = true)]
    url: String,
    /// A key of its configuration. In the environment other users of the machine do not see it.
    #[arg(long, env = "AEGIS_KEY", hide_env_values = true)]
    key: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

impl RemoteArguments {
    /// The gateway at `url`, called with `key`.
    pub(super) const fn at(url: String, key: Option<String>, json: bool) -> Self {
        Self { url, key, json }
    }

    /// Asks the gateway, and prints what `show` makes of its answer (with `--json` the answer itself). `show` also says how the
    /// program ends.
    pub(super) fn run(
        &self,
        ask: impl FnOnce(&Remote) -> Result<Value, RemoteError>,
        show: impl FnOnce(&Value) -> (String, ExitCode),
    ) -> ExitCode {
        match self.ask(ask) {
            Ok(answer) => {
                let (text, code) = show(&answer);
                output::line(if self.json { answer.to_string() } else { text }.trim_end());
                code
            }
            Err(code) => code,
        }
    }

    /// Asks the gateway; where it does not answer, that is printed, and the program ends as this says.
    pub(super) fn ask(
        &self,
        ask: impl FnOnce(&Remote) -> Result<Value, RemoteError>,
    ) -> Result<Value, ExitCode> {
        let key = self.key.as_deref().filter(|key| !key.is_empty());
        Remote::new(&self.url, key).and_then(|remote| ask(&remote)).map_err(|error| self.refused(&error))
    }

    fn refused(&self, error: &RemoteError) -> ExitCode {
        if let (RemoteError::Refused { problem, .. }, true) = (error, self.json) {
            output::line(&problem.to_string());
        }
        let mut text = output::plain(&error.to_string());
        if matches!(error, RemoteError::Refused { status: 401, .. }) {
            text.push_str(" (--key or AEGIS_KEY: the first start of a gateway made one in data_dir/admin.key; a policy server takes its AEGIS_API_KEY)");
        }
        output::error(&text);
        ExitCode::from(match error {
            RemoteError::Unusable(_) => output::USAGE,
            RemoteError::Unreachable { .. } | RemoteError::NotJson { .. } => output::UNREACHABLE,
            RemoteError::Refused { .. } => return ExitCode::FAILURE,
        })
    }
}
