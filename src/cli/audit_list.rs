//! `aegis audit list|export`: what the ledger holds, read from its files without a running gateway; `list` without a folder asks a
//! running server for the actions it executed.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, anyhow};
use serde_json::{Value, json};

use crate::audit::index::{AuditIndex, AuditQuery, Call, Executed, Order, Record};
use crate::audit::{Reader, StoredRecord};
use crate::cli::command::{ListAudit, ListOrder};
use crate::cli::output;
use crate::model::time::Timestamp;

/// The kinds of records that are calls.
const CALLS: [&str; 2] = ["decision", "bypass"];

pub(super) fn list(arguments: &ListAudit) -> Result<ExitCode> {
    let Some(directory) = &arguments.directory else { return executed(arguments) };
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
    let page = AuditIndex::offline(directory).query(&query)?;
    for call in &page.calls {
        if arguments.remote.json {
            let execution = call.execution.as_ref().map(Executed::json);
            let line = json!({"epoch": &*call.at.epoch, "record": call.json(), "execution": execution});
            output::line(&line.to_string());
        } else {
            output::line(&row(call));
        }
    }
    if !arguments.remote.json {
        say_how_many(page.calls.len(), page.next.is_some());
    }
    Ok(ExitCode::SUCCESS)
}

fn say_how_many(shown: usize, more: bool) {
    match (shown, more) {
        (0, false) => output::line("no such calls"),
        (_, true) => output::line("there are more: raise --limit"),
        _ => {}
    }
}

/// The actions a running server executed.
fn executed(arguments: &ListAudit) -> Result<ExitCode> {
    // One more than is shown, to know whether there are more.
    let limit = arguments.limit.saturating_add(1);
    let mut path = format!(
        "/api/v1/audit?order={}&limit={limit}",
        match arguments.order {
            ListOrder::Asc => "asc",
            ListOrder::Desc => "desc",
        }
    );
    let since = time("--since", arguments.since.as_deref())?.map(Timestamp::to_rfc3339);
    let until = time("--until", arguments.until.as_deref())?.map(Timestamp::to_rfc3339);
    let wanted = [
        ("action_type", arguments.capability.as_deref()),
        ("since", since.as_deref()),
        ("until", until.as_deref()),
    ];
    for (name, value) in wanted {
        if let Some(value) = value {
            path.push_str(&format!("&{name}={}", in_query(value)));
        }
    }
    let answer = match arguments.remote.ask(|server| server.read(&path)) {
        Ok(answer) => answer,
        Err(code) => return Ok(code),
    };
    let entries = answer.as_array().map(Vec::as_slice).unwrap_or_default();
    for entry in entries.iter().take(arguments.limit) {
        output::line(&if arguments.remote.json { entry.to_string() } else { action_row(entry) });
    }
    if !arguments.remote.json {
        say_how_many(entries.len(), entries.len() > arguments.limit);
    }
    Ok(ExitCode::SUCCESS)
}

/// A text as it may stand in a query.
fn in_query(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let mut query = String::with_capacity(text.len());
    for byte in text.bytes() {
        if plain(byte) {
            query.push(char::from(byte));
        } else {
            query.push_str(&format!("%{byte:02X}"));
        }
    }
    query
}

/// An action in a line. Its texts come from agents and tools.
fn action_row(entry: &Value) -> String {
    let names = [
        "timestamp",
        "result_status",
        "approval",
        "agent_id",
        "action_type",
        "action_target",
        "matched_rule",
        "decision_id",
    ];
    shown(names.map(|name| entry.get(name).and_then(Value::as_str)))
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
    shown([
        Some(&*call.at.time.to_rfc3339()),
        record.outcome(),
        record.code(),
        record.actor(),
        record.capability(),
        record.resource(),
        result,
        record.decision_id(),
    ])
}

fn shown(texts: [Option<&str>; 8]) -> String {
    texts.map(|text| output::plain(text.filter(|text| !text.is_empty()).unwrap_or("-"))).join("  ")
}
