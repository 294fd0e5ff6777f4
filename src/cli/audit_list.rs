//! `aegis audit list|export`: what the ledger holds, read from its files without a running gateway.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, anyhow};
use serde_json::json;

use crate::audit::index::{AuditIndex, AuditQuery, Call, Executed, Order, Record};
use crate::audit::{Reader, StoredRecord};
use crate::cli::command::{ListAudit, ListOrder};
use crate::cli::output;
use crate::model::time::Timestamp;

/// The kinds of records that are calls.
const CALLS: [&str; 2] = ["decision", "bypass"];

pub(super) fn list(arguments: &ListAudit) -> Result<ExitCode> {
    let query = AuditQuery {
        actor: arguments.actor.clone(),
        capability: arguments.capability.clone(),
        outcome: arguments.outcome.clone(),
        kinds: CALLS.map(str::to_owned).to_vec(),
        since: time("--since", arguments.since.as_deref())?,
        until: time("--until", arguments.until.as_deref())?,
        order: match arguments.order {
            ListOrder::Asc => Order::Ascending,
            ListOrder::Desc => Order::Descending,
        },
        limit: Some(arguments.limit),
        ..AuditQuery::default()
    };
    let page = AuditIndex::offline(&arguments.directory).query(&query)?;
    for call in &page.calls {
        if arguments.json {
            let execution = call.execution.as_ref().map(Executed::json);
            let line = json!({"epoch": &*call.at.epoch, "record": call.json(), "execution": execution});
            output::line(&line.to_string());
        } else {
            output::line(&row(call));
        }
    }
    if !arguments.json {
        match (page.calls.len(), page.next.is_some()) {
            (0, false) => output::line("no such calls"),
            (_, true) => output::line("there are more: raise --limit"),
            _ => {}
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn export(directory: &Path, since: Option<&str>, until: Option<&str>) -> Result<ExitCode> {
    let (since, until) = (time("--since", since)?, time("--until", until)?);
    for record in Reader::open(directory)? {
        let record = record?;
        let wanted = match (since, until) {
            (None, None) => true,
            _ => recorded(&record).is_some_and(|time| {
                since.is_none_or(|since| time >= since) && until.is_none_or(|until| time < until)
            }),
        };
        if wanted && !output::raw_line(record.line()) {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn recorded(record: &StoredRecord) -> Option<Timestamp> {
    Timestamp::parse_rfc3339(record.time()?)
}

fn time(option: &str, text: Option<&str>) -> Result<Option<Timestamp>> {
    let read = |text| {
        let wrong = || anyhow!("{option}: `{text}` is no time; write it like 2030-01-01T00:00:00Z");
        Timestamp::parse_rfc3339(text).ok_or_else(wrong)
    };
    text.map(read).transpose()
}

/// A call in a line. Its texts come from agents and tools.
fn row(call: &Call) -> String {
    let Some(record) = call.record() else { return "a record that cannot be read".to_owned() };
    let execution = call.execution.as_ref().and_then(Executed::record);
    let result = execution.as_ref().and_then(Record::result);
    let shown = [
        Some(&*call.at.time.to_rfc3339()),
        record.outcome(),
        record.code(),
        record.actor(),
        record.capability(),
        record.resource(),
        result,
        record.decision_id(),
    ]
    .map(|text| output::plain(text.filter(|text| !text.is_empty()).unwrap_or("-")));
    shown.join("  ")
}
