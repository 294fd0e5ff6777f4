//! What the ledger's tests share: a ledger in a temporary directory, and disks that fail on demand.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::audit::ledger::{Probes, Space};
use crate::audit::{AppendError, Damage, Durability, Ledger, LedgerError, LedgerOptions, verify};
use crate::model::time::Timestamp;

pub(super) const START: i64 = 1_795_414_794_000_000;

pub(super) fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(START + micros)
}

/// Small segments, and no reserve: the disk of a test machine may be nearly full.
pub(super) fn options(directory: &TempDir, durability: Durability) -> LedgerOptions {
    LedgerOptions {
        durability,
        segment_bytes: 1 << 20,
        reserve_percent: 0,
        append_deadline: Duration::from_secs(20),
        ..LedgerOptions::new(directory.path().join("ledger"))
    }
}

pub(super) fn open(directory: &TempDir, durability: Durability) -> Arc<Ledger> {
    Ledger::open(options(directory, durability), at(0)).unwrap().0
}

/// Appends, waiting while the space ahead is being prepared.
pub(super) fn append(ledger: &Ledger, payload: &str, micros: i64) -> u64 {
    loop {
        match ledger.append(payload.as_bytes(), at(micros)) {
            Ok(appended) => return appended.seq,
            Err(AppendError::Busy) => std::thread::yield_now(),
            Err(other) => panic!("{other}"),
        }
    }
}

pub(super) fn decision(number: usize) -> String {
    let outcome = if number.is_multiple_of(2) { "ALLOW" } else { "DENY" };
    format!(r#""kind":"decision","outcome":"{outcome}","call":{number}"#)
}

/// A payload of about `bytes` bytes.
pub(super) fn padded(number: usize, bytes: usize) -> String {
    format!(r#"{},"pad":"{}""#, decision(number), "x".repeat(bytes))
}

pub(super) fn root(directory: &TempDir) -> PathBuf {
    directory.path().join("ledger")
}

pub(super) fn damage(directory: &Path) -> Damage {
    match verify(directory) {
        Err(LedgerError::Damaged(damage)) => *damage,
        other => panic!("the damage was not found: {other:?}"),
    }
}

/// The named segment files of an epoch in order.
pub(super) fn segment_files(epoch: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(epoch)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .filter(|path| !path.ends_with("next.jsonl"))
        .collect();
    files.sort();
    files
}

/// The written part of a segment.
pub(super) fn written(segment: &Path) -> Vec<u8> {
    let mut bytes = fs::read(segment).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    bytes.truncate(end);
    bytes
}

/// Puts `bytes` into a file that keeps its length.
pub(super) fn overwrite(path: &Path, offset: usize, bytes: &[u8]) {
    let mut content = fs::read(path).unwrap();
    content[offset..offset + bytes.len()].copy_from_slice(bytes);
    fs::write(path, content).unwrap();
}

/// Probes whose flushes fail while `failures` is positive, each failure counting it down.
pub(super) fn failing(failures: &Arc<AtomicI64>) -> Probes {
    let failures = Arc::clone(failures);
    let sync = move |file: &File| {
        if failures
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| (left > 0).then(|| left - 1))
            .is_ok()
        {
            return Err(io::Error::other("injected"));
        }
        file.sync_data()
    };
    Probes { sync: Box::new(sync), ..Probes::default() }
}

/// Probes of a disk of a thousand bytes with as many free as the counter says.
pub(super) fn with_free(free: &Arc<AtomicI64>) -> Probes {
    let free = Arc::clone(free);
    let space = move |_: &Path| {
        Ok(Space { total_bytes: 1_000, free_bytes: free.load(Ordering::SeqCst).unsigned_abs() })
    };
    Probes { space: Box::new(space), ..Probes::default() }
}

/// Looks at a state that a background thread brings about, until it is there.
pub(super) fn eventually(what: &str, mut look: impl FnMut() -> bool) {
    let give_up = Instant::now() + Duration::from_secs(30);
    while !look() {
        assert!(Instant::now() < give_up, "never happened: {what}");
        std::thread::yield_now();
    }
}
