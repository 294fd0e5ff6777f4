//! `aegis overrides show|vote|withdraw`: two people letting a change pass that failed gates.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use crate::cli::output;
use crate::cli::remote::RemoteArguments;

#[derive(Debug, Subcommand)]
pub(super) enum Overrides {
    /// Shows an evaluation: what is asked, what each gate found, and who has voted to override it.
    Show {
        #[command(flatten)]
        evaluation: EvaluationArgument,
        #[command(flatten)]
        remote: RemoteArguments,
    },
    /// Votes to let the change pass. It takes two people: one with the role risk_lead, one with security_lead.
    Vote {
        #[command(flatten)]
        evaluation: EvaluationArgument,
        /// Why. Everybody who votes says the same, to the letter.
        #[arg(long, value_name = "TEXT")]
        justification: String,
        #[command(flatten)]
        remote: RemoteArguments,
    },
    /// Takes a vote back that no second one has joined.
    Withdraw {
        #[command(flatten)]
        evaluation: EvaluationArgument,
        #[command(flatten)]
        remote: RemoteArguments,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct EvaluationArgument {
    /// The evaluation: decision_id of its answer, or dec_...
    #[arg(value_name = "ID", value_parser = decision_id)]
    id: String,
}

/// An id as it may stand in a path.
fn decision_id(text: &str) -> Result<String, String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if text.is_empty() || !text.bytes().all(fits) {
        return Err("an id of a decision is a UUID, or dec_ and 26 letters and digits".to_owned());
    }
    Ok(text.to_owned())
}

pub(super) fn run(verb: &Overrides) -> ExitCode {
    let of = |evaluation: &EvaluationArgument| format!("/api/v1/governance/decisions/{}", evaluation.id);
    match verb {
        Overrides::Show { evaluation, remote } => {
            let path = of(evaluation);
            remote.run(|gateway| gateway.read(&path), |decision| (shown(decision), ExitCode::SUCCESS))
        }
        Overrides::Vote { evaluation, justification, remote } => {
            let (path, body) =
                (format!("{}/override", of(evaluation)), json!({"justification": justification}));
            remote.run(|gateway| gateway.change(&path, &body), |now| (standing(now), ExitCode::SUCCESS))
        }
        Overrides::Withdraw { evaluation, remote } => {
            let path = format!("{}/override", of(evaluation));
            remote.run(|gateway| gateway.remove(&path), |now| (standing(now), ExitCode::SUCCESS))
        }
    }
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or("-")
}

fn items<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// An evaluation for whoever is to vote.
fn shown(decision: &Value) -> String {
    let plain = |pointer: &str| output::plain(text(decision, pointer));
    let mut told = format!(
        "{}: {} by {} for {}\n{}",
        plain("/decision_id"),
        plain("/evaluation/status"),
        plain("/actor/id"),
        plain("/context/description"),
        plain("/reason"),
    );
    for (name, gate) in decision.pointer("/evaluation/gates").and_then(Value::as_object).into_iter().flatten()
    {
        let verdict = if gate.get("passed") == Some(&Value::Bool(true)) { "ok" } else { "FAIL" };
        told.push_str(&format!("\n  {name:<10} {verdict:<4} {}", output::plain(text(gate, "/message"))));
    }
    match decision.get("override") {
        Some(now) => format!("{told}\n{}", standing(now)),
        None if decision.pointer("/evaluation/override_eligible") == Some(&Value::Bool(true)) => {
            format!("{told}\nNobody has voted to override it.")
        }
        None => format!("{told}\nIt cannot be overridden."),
    }
}

/// How an override stands.
fn standing(now: &Value) -> String {
    let who = |vote: &Value| output::plain(&format!("{} as {}", text(vote, "/person"), text(vote, "/role")));
    let votes: Vec<_> = items(now, "/votes").iter().map(who).collect();
    let needs: Vec<_> = items(now, "/needs").iter().filter_map(Value::as_str).collect();
    let mut told = format!(
        "override {}: {}",
        output::plain(text(now, "/state")),
        output::plain(text(now, "/justification"))
    );
    if !votes.is_empty() {
        told.push_str(&format!("\n  votes of {}", votes.join(" and ")));
    }
    if text(now, "/state") == "pending" {
        let until = output::plain(text(now, "/expires_at"));
        told.push_str(&format!("\n  needs {} until {until}", output::plain(&needs.join(" and "))));
    }
    told
}
