//! A ledger with an index over it, and what a plain reading of its files says.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;

use crate::audit::index::{AuditIndex, AuditQuery, Call, Indexer, Order, Position, Step};
use crate::audit::{AppendError, Durability, Ledger, LedgerOptions, Reader};
use crate::model::id::{DECISION, Id, REQUEST};
use crate::model::time::Timestamp;
use crate::store::SqliteIndex;

const START: i64 = 1_795_414_794_000_000;

pub(super) fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(START + micros)
}

/// The id of call `number`, made at that time.
pub(super) fn id(prefix: &'static str, number: u64, micros: i64) -> Id {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    Id::new(prefix, at(micros), random)
}

/// A call that was recorded.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) number: u64,
    pub(super) micros: i64,
    pub(super) bypass: bool,
    pub(super) told: bool,
}

impl Made {
    fn ids(&self) -> String {
        let request = id(REQUEST, self.number, self.micros);
        let decision = format!(r#""decision_id":"{}","#, id(DECISION, self.number, self.micros));
        format!(r#"{}"request_id":"{request}""#, if self.bypass { "" } else { &decision })
    }

    pub(super) fn decision(&self) -> String {
        id(DECISION, self.number, self.micros).to_string()
    }
}

pub(super) struct World {
    folder: TempDir,
    ledger: Option<Arc<Ledger>>,
    pub(super) index: Arc<AuditIndex>,
    indexer: Indexer,
    pub(super) calls: Vec<Made>,
    pub(super) now: i64,
}

impl World {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = open(&folder, 0);
        let (index, indexer) = indexed(&folder, &ledger);
        Self { folder, ledger: Some(ledger), index, indexer, calls: Vec::new(), now: 0 }
    }

    pub(super) fn directory(&self) -> PathBuf {
        self.folder.path().join("ledger")
    }

    pub(super) fn file(&self) -> PathBuf {
        self.folder.path().join("index.db")
    }

    pub(super) fn ledger(&self) -> &Arc<Ledger> {
        self.ledger.as_ref().unwrap()
    }

    pub(super) fn append(&self, payload: &str) {
        loop {
            match self.ledger().append(payload.as_bytes(), at(self.now)) {
                Ok(_) => return,
                Err(AppendError::Busy) => std::thread::yield_now(),
                Err(other) => panic!("{other}"),
            }
        }
    }

    /// A decision, or a call that was let through undecided.
    pub(super) fn call(&mut self, bypass: bool, members: &str) -> Made {
        let made = Made { number: self.calls.len() as u64, micros: self.now, bypass, told: false };
        let kind = if bypass { "bypass" } else { "decision" };
        self.append(&format!(r#""kind":"{kind}",{members},{}"#, made.ids()));
        self.calls.push(made.clone());
        made
    }

    /// What became of a call, unless that is told.
    pub(super) fn tell(&mut self, number: usize, kind: &str, members: &str) {
        let Some(made) = self.calls.get_mut(number).filter(|made| !made.told) else { return };
        made.told = true;
        let payload = format!(r#""kind":"{kind}",{members},{}"#, made.ids());
        self.append(&payload);
    }

    /// Another start: after an orderly end, or after a crash that left such an end of the log.
    pub(super) fn restart(&mut self, torn: Option<&str>) {
        self.end(torn);
        self.restart_after_end();
    }

    /// Starts again after an end.
    pub(super) fn restart_after_end(&mut self) {
        let ledger = open(&self.folder, self.now);
        self.ledger = Some(ledger);
        self.take_up();
    }

    pub(super) fn end(&mut self, torn: Option<&str>) {
        let ledger = self.ledger.take().unwrap();
        let epoch = ledger.epoch_directory().to_path_buf();
        (self.index, self.indexer) = offline(&self.folder);
        match torn {
            None => ledger.close(at(self.now)).unwrap(),
            Some(end) => {
                drop(ledger);
                tear(&epoch, end);
            }
        }
    }

    /// Opens the index anew.
    pub(super) fn take_up(&mut self) {
        (self.index, self.indexer) = match &self.ledger {
            Some(ledger) => indexed(&self.folder, ledger),
            None => offline(&self.folder),
        };
    }

    pub(super) fn step(&mut self) -> Result<Step, crate::audit::index::IndexError> {
        self.indexer.step()
    }

    /// Fills the index up to where the ledger is.
    pub(super) fn catch_up(&mut self) {
        while !self.step().unwrap().idle {}
    }

    /// Checks that the index, the ledger's files alone and a plain reading say the same.
    pub(super) fn check(&self, query: &AuditQuery) {
        let (expected, total) = plain(&self.directory(), query);
        for index in [&*self.index, &AuditIndex::offline(&self.directory())] {
            let page = index.query(query).unwrap();
            assert_eq!(shown(&page.calls), expected, "{query:?}");
            assert_eq!(index.count(query).unwrap(), total, "{query:?}");
        }
    }

    /// Checks that the pages of `query` put together are the whole list.
    pub(super) fn check_pages(&self, query: &AuditQuery, limit: usize) {
        let whole = AuditQuery { limit: None, offset: 0, after: None, ..query.clone() };
        let (expected, _) = plain(&self.directory(), &whole);
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = self.index.query(&AuditQuery { limit: Some(limit), after, ..whole.clone() }).unwrap();
            assert!(page.calls.len() <= limit);
            all.extend(shown(&page.calls));
            after = page.next.map(|next| Position::parse(next.time, &next.id()).unwrap());
            if after.is_none() {
                break;
            }
        }
        assert_eq!(all, expected, "{query:?}");
    }
}

fn open(folder: &TempDir, micros: i64) -> Arc<Ledger> {
    let options = LedgerOptions {
        durability: Durability::Process,
        segment_bytes: 1 << 20,
        reserve_percent: 0,
        ..LedgerOptions::new(folder.path().join("ledger"))
    };
    Ledger::open(options, at(micros)).unwrap().0
}

fn indexed(folder: &TempDir, ledger: &Arc<Ledger>) -> (Arc<AuditIndex>, Indexer) {
    let store = Arc::new(SqliteIndex::new(folder.path().join("index.db")));
    let index = Arc::new(AuditIndex::new(store, Arc::clone(ledger)));
    (Arc::clone(&index), Indexer::new(index))
}

fn offline(folder: &TempDir) -> (Arc<AuditIndex>, Indexer) {
    let store = Arc::new(SqliteIndex::new(folder.path().join("index.db")));
    let index = Arc::new(AuditIndex::over(store, folder.path().join("ledger")));
    (Arc::clone(&index), Indexer::new(index))
}

/// Puts bytes behind the last record of a log, as a process that died may have.
fn tear(epoch: &std::path::Path, end: &str) {
    let mut files: Vec<_> = std::fs::read_dir(epoch)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .filter(|path| std::fs::read(path).unwrap().first().is_some_and(|first| *first != 0))
        .collect();
    // A segment without its name comes last here too.
    files.sort();
    let last = files.last().unwrap();
    let mut bytes = std::fs::read(last).unwrap();
    let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    bytes[written..written + end.len()].copy_from_slice(end.as_bytes());
    std::fs::write(last, bytes).unwrap();
}

/// What is compared of a call: its epoch and number, and those of its execution.
pub(super) type Shown = (String, u64, Option<(String, u64)>);

pub(super) fn shown(calls: &[Call]) -> Vec<Shown> {
    let show = |call: &Call| {
        let execution = call.execution.as_ref().map(|executed| (executed.epoch.to_string(), executed.seq));
        assert_eq!(call.json()["seq"], call.at.seq);
        (call.at.epoch.to_string(), call.at.seq, execution)
    };
    calls.iter().map(show).collect()
}

/// A row as read from JSON.
struct Plain {
    time: Timestamp,
    epoch: Arc<str>,
    seq: u64,
    record: Value,
    execution: Option<(Arc<str>, u64, Value)>,
}

/// The list, and how many there are in all, by reading every record.
fn plain(directory: &std::path::Path, query: &AuditQuery) -> (Vec<Shown>, u64) {
    let mut rows = rows(directory);
    rows.retain(|row| wanted(row, query));
    rows.sort_by(|one, other| (one.time, &one.epoch, one.seq).cmp(&(other.time, &other.epoch, other.seq)));
    if query.order == Order::Descending {
        rows.reverse();
    }
    let total = rows.len() as u64;
    let behind = |row: &Plain| {
        query.after.as_ref().is_none_or(|after| {
            let (one, other) = ((row.time, &row.epoch, row.seq), (after.time, &after.epoch, after.seq));
            if query.order == Order::Descending { one < other } else { one > other }
        })
    };
    let rows = rows.iter().filter(|row| behind(row)).skip(usize::try_from(query.offset).unwrap());
    let shown = rows.take(query.limit.unwrap_or(usize::MAX)).map(|row| {
        let execution = row.execution.as_ref().map(|(epoch, seq, _)| (epoch.to_string(), *seq));
        (row.epoch.to_string(), row.seq, execution)
    });
    (shown.collect(), total)
}

fn rows(directory: &std::path::Path) -> Vec<Plain> {
    let (mut rows, mut executions) = (Vec::new(), HashMap::new());
    for stored in Reader::open(directory).unwrap() {
        let stored = stored.unwrap();
        let record = stored.parse().unwrap();
        if ["execution", "reconciliation"].contains(&record["kind"].as_str().unwrap()) {
            executions.insert(call_of(&record), (stored.epoch, stored.seq, record));
            continue;
        }
        let time = Timestamp::parse_rfc3339(record["time"].as_str().unwrap()).unwrap();
        rows.push(Plain { time, epoch: stored.epoch, seq: stored.seq, record, execution: None });
    }
    for row in &mut rows {
        if ["decision", "bypass"].contains(&row.record["kind"].as_str().unwrap()) {
            row.execution = executions.get(&call_of(&row.record)).cloned();
        }
    }
    rows
}

/// What the records of one call have in common.
fn call_of(record: &Value) -> Option<String> {
    let id = record["decision_id"].as_str().or(record["request_id"].as_str());
    id.map(|id| id.split_once('_').unwrap().1.to_owned())
}

fn wanted(row: &Plain, query: &AuditQuery) -> bool {
    let record = &row.record;
    let execution = row.execution.as_ref().map_or(&Value::Null, |(_, _, record)| record);
    let is = |wanted: &Option<String>, found: &Value| {
        wanted.as_ref().is_none_or(|wanted| found.as_str() == Some(wanted))
    };
    let either = |one: &Value, other: &Value| if one.is_null() { other.clone() } else { one.clone() };
    (is(&query.tenant, &record["tenant"]) || (query.or_no_tenant && record["tenant"].is_null()))
        && is(&query.actor, &record["actor"])
        && is(&query.capability, &either(&record["capability"], &record["tool"]))
        && is(&query.outcome, &record["outcome"])
        && is(&query.code, &record["code"])
        && is(&query.risk, &record["risk"]["level"])
        && is(&query.session_id, &record["session_id"])
        && is(&query.surface, &record["surface"])
        && is(&query.result, &execution["result"])
        && is(&query.result_status, &either(&execution["result_status"], &record["result_status"]))
        && (query.kinds.is_empty() || query.kinds.iter().any(|kind| record["kind"] == **kind))
        && query.since.is_none_or(|since| row.time >= since)
        && query.until.is_none_or(|until| row.time < until)
}
