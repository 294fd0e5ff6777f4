//! Opening and closing a ledger.
//!
//! Imports `audit::{epoch, error}`, the files beside it and `model::time`. Start at [`Ledger::open`].

use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::audit::epoch::{
    EpochLock, EpochName, MarkFile, Repair, SEALED, create_private_directory, epochs, is_unreconciled,
    read_sealed, repair, segment_name, sync_directory,
};
use crate::audit::error::{AppendError, Damage, LedgerError};
use crate::audit::ledger::append::{Admission, LogEnd};
use crate::audit::ledger::handle::{Bell, Ledger, Shared};
use crate::audit::ledger::options::{LedgerOptions, Probes};
use crate::audit::ledger::segment::{Segment, SegmentWriter};
use crate::audit::ledger::wake::Gate;
use crate::audit::ledger::{keeper, syncer};
use crate::model::time::Timestamp;

/// Filled before the ledger is handed out; the rest follows in the background, so that a start is fast.
const FIRST_FILL_BYTES: u64 = 1 << 20;
/// How often, and how long apart, the lock of a dead epoch is tried: somebody may be looking at it for a moment.
const LOCK_TRIES: u32 = 5;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// What opening found and did.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct OpenReport {
    /// Name of the epoch that was begun.
    pub epoch: String,
    /// Epochs that had not been closed, now sealed.
    pub repaired: Vec<Repair>,
    /// Epochs that another process is writing; left alone.
    pub live: Vec<String>,
    /// Closed epochs, oldest first, in which calls may be left of which nothing says what became of them; see
    /// `audit::reconcile`.
    pub unreconciled: Vec<String>,
    /// Epochs that were sealed before, and records in all sealed ones.
    pub sealed: usize,
    /// Records in the epochs that are sealed now.
    pub earlier_records: u64,
    /// The epoch before this one, with its count and last hash if it is sealed.
    pub predecessor: Option<Predecessor>,
}

/// How the log before this one ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predecessor {
    /// Its name.
    pub epoch: String,
    /// Records and last hash; `None` while it is live.
    pub end: Option<(u64, String)>,
}

impl Ledger {
    /// Opens the ledger: repairs and seals what dead processes left, then begins an epoch of its own.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] when durable records of an earlier epoch are changed or missing (nothing is modified
    /// then), [`LedgerError::Options`] for options out of range, [`LedgerError::Io`] when the file system refuses.
    pub fn open(options: LedgerOptions, now: Timestamp) -> Result<(Arc<Self>, OpenReport), LedgerError> {
        Self::open_with(options, now, Probes::default())
    }

    /// As [`Ledger::open`], with other ways to flush files and to ask for free space: for tests of failing disks.
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub fn open_with(
        options: LedgerOptions,
        now: Timestamp,
        probes: Probes,
    ) -> Result<(Arc<Self>, OpenReport), LedgerError> {
        options.check()?;
        create_private_directory(&options.directory)?;
        let starting = EpochLock::wait_for_start(&options.directory)?;
        let mut report = settle(&options)?;
        let last = report.predecessor.as_ref().map(|predecessor| predecessor.epoch.as_str());
        report.epoch = EpochName::after(last, now, rand::random()).text;
        let (shared, mark) = begin(options, now, probes, &report)?;
        drop(starting);

        keeper::read_space(&shared);
        let ledger = Self { shared: Arc::clone(&shared), threads: Mutex::default() };
        ledger.append_own(&epoch_record(&report, &ledger), now)?;
        for repaired in &report.repaired {
            ledger.append_own(&repair_record(repaired), now)?;
        }
        ledger.start(mark)?;
        Ok((Arc::new(ledger), report))
    }

    /// Appends a last record, makes everything durable, and seals the epoch. Blocks; later appends are refused.
    ///
    /// # Errors
    /// When the disk does not take it: the epoch then stays unsealed and the next start repairs it. [`AppendError::Closed`]
    /// when it was closed before.
    pub fn close(&self, now: Timestamp) -> Result<(), LedgerError> {
        let deadline = Instant::now() + self.shared.options.append_deadline;
        let payload = br#""kind":"close""#;
        loop {
            let mut end = self.shared.end();
            match end.append(payload, now, Admission::Reserve) {
                Err(AppendError::Busy) if Instant::now() < deadline => {}
                outcome => {
                    // In the same critical section, so that the record is the last one.
                    end.closed = true;
                    drop(end);
                    let ended = self.stop();
                    outcome?;
                    return ended;
                }
            }
            drop(end);
            self.shared.bell.ring();
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn append_own(&self, members: &Value, now: Timestamp) -> Result<(), LedgerError> {
        let text = members.to_string();
        let payload = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default();
        self.append_as(payload.as_bytes(), now, Admission::Reserve)?;
        Ok(())
    }

    fn start(&self, mark: MarkFile) -> Result<(), LedgerError> {
        let (shared, other) = (Arc::clone(&self.shared), Arc::clone(&self.shared));
        let spawn = |name: &str, body: Box<dyn FnOnce() -> Result<(), LedgerError> + Send>| {
            let thread = thread::Builder::new().name(name.to_owned());
            thread.spawn(body).map_err(LedgerError::io("start a thread for", &self.shared.directory))
        };
        let keeper = spawn(
            "ledger-keeper",
            Box::new(move || {
                keeper::run(&shared);
                Ok(())
            }),
        )?;
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.push(keeper);
        threads.push(spawn("ledger-sync", Box::new(move || syncer::run(&other, mark)))?);
        Ok(())
    }

    /// Ends the threads, the keeper first: sealing, which the sync thread does when the log was closed, must not meet it.
    fn stop(&self) -> Result<(), LedgerError> {
        let threads: Vec<JoinHandle<_>> =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let mut outcome = Ok(());
        for (index, thread) in threads.into_iter().enumerate() {
            if index == 0 {
                self.shared.bell.stop();
            } else {
                self.shared.gate.stop();
            }
            let ended = thread.join().unwrap_or_else(|_| {
                let source = std::io::Error::other("its thread ended early");
                Err(LedgerError::io("close", &self.shared.directory)(source))
            });
            outcome = outcome.and(ended);
        }
        let released = self.shared.lock.release();
        outcome.and(released.map_err(LedgerError::io("unlock", &self.shared.directory)))
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        // Without a close nothing is sealed. There is nobody left to tell about an error.
        let _unreported = self.stop();
    }
}

/// Looks at every earlier epoch; repairs and seals those that nobody writes.
fn settle(options: &LedgerOptions) -> Result<OpenReport, LedgerError> {
    let mut report = OpenReport::default();
    for (name, path) in epochs(&options.directory)? {
        let end = match read_sealed(&path)? {
            Some(Ok(mark)) => {
                report.sealed += 1;
                if is_unreconciled(&path) {
                    report.unreconciled.push(name.clone());
                }
                Some((mark.records, mark.last_hash.to_string()))
            }
            Some(Err(why)) => {
                let file = path.join(SEALED);
                return Err(Damage { file, line: 1, seq: 0, offset: 0, why: why.to_owned() }.into());
            }
            None => match take_lock(&path)? {
                None => {
                    report.live.push(name.clone());
                    None
                }
                Some(_held) => {
                    let repaired = repair(&name, &path)?;
                    let end = (repaired.records, repaired.last_hash.to_string());
                    report.repaired.push(repaired);
                    report.unreconciled.push(name.clone());
                    Some(end)
                }
            },
        };
        report.earlier_records += end.as_ref().map_or(0, |end| end.0);
        report.predecessor = Some(Predecessor { epoch: name, end });
    }
    Ok(report)
}

fn take_lock(epoch: &Path) -> Result<Option<EpochLock>, LedgerError> {
    for _ in 1..LOCK_TRIES {
        if let Some(lock) = EpochLock::take(epoch)? {
            return Ok(Some(lock));
        }
        thread::sleep(LOCK_PAUSE);
    }
    EpochLock::take(epoch)
}

/// Creates the epoch's directory and first segment.
fn begin(
    options: LedgerOptions,
    now: Timestamp,
    probes: Probes,
    report: &OpenReport,
) -> Result<(Arc<Shared>, MarkFile), LedgerError> {
    let directory = options.directory.join(&report.epoch);
    create_private_directory(&directory)?;
    let Some(lock) = take_lock(&directory)? else {
        let source = std::io::Error::other("another process holds it");
        return Err(LedgerError::io("lock", &directory)(source));
    };
    let mark = MarkFile::create(&directory)?;
    let path = directory.join(segment_name(0));
    let segment = Segment::create(&path, options.segment_bytes).map_err(LedgerError::io("create", &path))?;
    while segment.fill_towards(FIRST_FILL_BYTES).map_err(LedgerError::io("prepare space in", &path))? {}
    segment.set_named();
    sync_directory(&directory)?;
    sync_directory(&options.directory)?;

    let Some(writer) = SegmentWriter::begin(Arc::new(segment), 0) else {
        return Err(LedgerError::io("begin", &path)(std::io::Error::other("it has records already")));
    };
    let shared = Shared {
        epoch: report.epoch.clone(),
        directory,
        options,
        probes,
        end: Mutex::new(LogEnd::new(writer, now)),
        gate: Gate::new(),
        bell: Bell::default(),
        room: Notify::new(),
        naming: Mutex::default(),
        free_bytes: AtomicU64::new(0),
        earlier_records: report.earlier_records,
        lock,
    };
    Ok((Arc::new(shared), mark))
}

fn epoch_record(report: &OpenReport, ledger: &Ledger) -> Value {
    let predecessor = report.predecessor.as_ref().map(|predecessor| {
        let (records, last_hash) = predecessor.end.clone().unzip();
        json!({"epoch": predecessor.epoch, "records": records, "last_hash": last_hash})
    });
    json!({
        "kind": "epoch",
        "origin": report.epoch,
        "durability": ledger.shared.options.durability.as_str(),
        "predecessor": predecessor,
    })
}

fn repair_record(repair: &Repair) -> Value {
    let torn: Vec<Value> = repair
        .torn
        .iter()
        .map(|torn| json!({"name": torn.name, "bytes": torn.bytes, "sha256": torn.sha256}))
        .collect();
    json!({
        "kind": "repair",
        "epoch": repair.epoch,
        "records": repair.records,
        "last_hash": repair.last_hash.as_str(),
        "reason": repair.reason,
        "torn": torn,
    })
}
