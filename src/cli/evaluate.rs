//! `aegis evaluate`: a proposed change through the six gates, without a gateway running. Nothing is recorded.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::app::{self, ConfigSource};
use crate::cli::{load, output};
use crate::decision::Gating;
use crate::model::json::Reader;
use crate::risk::gates::{Answer, Constants, DriftCheck, EvaluateRequest, Gate, GateName, Status};

/// Longest request that is read, in bytes: as long as one to a gateway may be.
const REQUEST_MAX_BYTES: u64 = 1024 * 1024;

#[derive(Debug, clap::Args)]
pub(super) struct Evaluate {
    /// The request, as JSON in the form of POST /evaluate; - reads it from standard input.
    request: PathBuf,
    /// A gateway's configuration, for the numbers its gates go by [default: those of the specification].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON, as POST /evaluate answers it but for what only a gateway knows: decision_id, timestamp, _tenant_id and _request_id.
    #[arg(long)]
    json: bool,
}

/// Ends with 0 when the change may go on, 1 when not, 2 for a request that is none.
pub(super) fn run(arguments: &Evaluate) -> Result<ExitCode> {
    let constants = match &arguments.config {
        None => Constants::default(),
        Some(config) => match load::or_problems(app::load(&ConfigSource::File(config.clone()))) {
            Some(loaded) => Gating::of(&loaded.config.policy.gates).constants,
            None => return Ok(ExitCode::from(output::BAD_CONFIGURATION)),
        },
    };
    let bytes = match read(&arguments.request) {
        Ok(bytes) => bytes,
        Err(error) => {
            output::error(&format!("{error:#}"));
            return Ok(ExitCode::from(output::USAGE));
        }
    };
    let answer = match evaluated(&bytes, &constants) {
        Ok(answer) => answer,
        Err(why) => {
            output::error(&format!("{}: {why}", arguments.request.display()));
            return Ok(ExitCode::from(output::USAGE));
        }
    };
    if arguments.json {
        output::line(&Value::Object(answer.to_json()).to_string());
    } else {
        output::text(&told(&answer));
    }
    let goes_on = answer.evaluation.status == Status::Proceed;
    Ok(if goes_on { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(request: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let failed = || format!("{} cannot be read", request.display());
    if request == Path::new("-") {
        std::io::stdin().take(REQUEST_MAX_BYTES + 1).read_to_end(&mut bytes).with_context(failed)?;
    } else {
        let file = File::open(request).with_context(failed)?;
        file.take(REQUEST_MAX_BYTES + 1).read_to_end(&mut bytes).with_context(failed)?;
    }
    Ok(bytes)
}

fn evaluated(bytes: &[u8], constants: &Constants) -> Result<Answer, String> {
    if bytes.len() as u64 > REQUEST_MAX_BYTES {
        return Err(format!("a request has at most {REQUEST_MAX_BYTES} bytes"));
    }
    let read = Reader::default()
        .parse_answer(bytes)
        .map_err(|error| format!("not the JSON of a request: {error}"))?;
    let request = EvaluateRequest::read(&read).map_err(|error| error.to_string())?;
    Ok(Answer::to(&request.proposal, constants))
}

/// The answer for people: what is to happen, each gate, and what to do.
fn told(answer: &Answer) -> String {
    let Answer { evaluation, explanation, .. } = answer;
    let mut told = format!("{}: {}\n", evaluation.status.as_str(), explanation.rationale);
    for ((name, gate), message) in evaluation.gates.all().into_iter().zip(&explanation.gates) {
        told.push_str(&gate_line(name, gate, message));
    }
    if let DriftCheck::Compared(drift) = evaluation.drift {
        let shadow = if evaluation.shadow { " (shadow mode: it halts nothing)" } else { "" };
        let divergence = explanation.drift.clone().unwrap_or_else(|| {
            format!(
                "KL divergence {}",
                drift.kl_divergence.map_or("none".to_owned(), |nats| nats.to_string())
            )
        });
        told.push_str(&format!("  {:<10} {}: {divergence}{shadow}\n", "drift", drift.tier.as_str()));
    }
    for constraint in &explanation.constraints {
        told.push_str(&format!("note: {constraint}\n"));
    }
    for step in &explanation.next_steps {
        told.push_str(&format!("next: {step}\n"));
    }
    told
}

fn gate_line(name: GateName, gate: &Gate, message: &str) -> String {
    let verdict = if gate.passed { "ok" } else { "FAIL" };
    format!("  {:<10} {verdict:<4} {message}\n", name.as_str())
}
