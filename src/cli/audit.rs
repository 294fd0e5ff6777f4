//! `aegis audit verify|tail`: the ledger as files, without a running gateway.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::json;

use crate::audit::read::{EpochState, VerifyReport};
use crate::audit::{LedgerError, tail as ledger_tail, verify as verify_ledger};
use crate::cli::output;

/// How often `--follow` looks for new records.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(250);

pub(super) fn verify(directory: &Path, as_json: bool) -> Result<ExitCode> {
    match verify_ledger(directory) {
        // Not OK: whoever named a wrong folder, or has lost the ledger, must not read that everything is well.
        Ok(report) if report.epochs.is_empty() => bail!(
            "{} holds no ledger: there is no epoch in it; a gateway's is the folder ledger of its data_dir",
            directory.display()
        ),
        Ok(report) => {
            if as_json {
                output::line(&report_json(&report).to_string());
            } else {
                print_report(&report);
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(damaged @ LedgerError::Damaged(_)) => {
            if as_json {
                output::line(&json!({"ok": false, "damage": damaged.to_string()}).to_string());
            } else {
                output::line(&format!("NOT OK: {damaged}"));
            }
            Ok(ExitCode::FAILURE)
        }
        Err(error) => Err(error.into()),
    }
}

fn print_report(report: &VerifyReport) {
    for epoch in &report.epochs {
        let state = state_name(epoch.state);
        output::line(&format!(
            "{}: {} records, {state}, last hash {}",
            epoch.name, epoch.records, epoch.last_hash
        ));
    }
    for ((kind, said), count) in &report.counts {
        let said = said.as_deref().map(|said| format!(" {said}")).unwrap_or_default();
        output::line(&format!("{count:>8} {kind}{said}"));
    }
    for caveat in report.epochs.iter().filter_map(|epoch| epoch.caveat()) {
        output::line(&format!("note: {caveat}"));
    }
    let epochs = match report.epochs.len() {
        1 => "1 epoch".to_owned(),
        many => format!("{many} epochs"),
    };
    output::line(&format!("OK: {} records in {epochs}, every hash matches", report.records));
    output::line(
        "This shows that the log is consistent with itself; only a copy of its last hash kept elsewhere shows that it was not rewritten whole.",
    );
}

fn report_json(report: &VerifyReport) -> serde_json::Value {
    let epochs: Vec<_> = report
        .epochs
        .iter()
        .map(|epoch| {
            json!({
                "name": epoch.name,
                "records": epoch.records,
                "last_hash": epoch.last_hash.as_str(),
                "state": state_name(epoch.state),
                "note": epoch.caveat(),
            })
        })
        .collect();
    let counts: Vec<_> = report
        .counts
        .iter()
        .map(|((kind, said), count)| {
            let executed = matches!(kind.as_str(), "execution" | "reconciliation");
            let (outcome, result) = if executed { (None, said.as_ref()) } else { (said.as_ref(), None) };
            json!({"kind": kind, "outcome": outcome, "result": result, "count": count})
        })
        .collect();
    json!({"ok": true, "records": report.records, "epochs": epochs, "counts": counts})
}

const fn state_name(state: EpochState) -> &'static str {
    match state {
        EpochState::Sealed => "sealed",
        EpochState::Live => "being written",
        EpochState::Unsealed => "not closed (the next start repairs and seals it)",
    }
}

pub(super) fn tail(directory: &Path, lines: usize, follow: bool) -> Result<ExitCode> {
    let mut tail = ledger_tail(directory, lines)?;
    loop {
        for record in tail.poll_new()? {
            if !output::raw_line(record.line()) {
                return Ok(ExitCode::SUCCESS);
            }
        }
        if !follow {
            return Ok(ExitCode::SUCCESS);
        }
        std::thread::sleep(FOLLOW_INTERVAL);
    }
}
