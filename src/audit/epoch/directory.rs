//! The files of an epoch's directory: creating them private, locking, listing and cutting them.
//!
//! Imports `audit::error`. Start at [`segments`].

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::audit::error::LedgerError;

/// The file whose lock says that the epoch has a living writer.
const LOCK: &str = "lock";
/// How far the log is known to be on disk.
pub(crate) const MARK: &str = "mark";
/// The log is complete; what it ended with.
pub(crate) const SEALED: &str = "sealed";
/// A segment that has no name yet. When it holds records, they follow those of every named segment.
pub(crate) const NEXT: &str = "next.jsonl";
/// Directory of what a repair cut off.
pub(crate) const TORN: &str = "torn";
const SUFFIX: &str = ".jsonl";

/// File name of the segment whose first record is `first_seq`: 20 digits, so that names sort as numbers do.
pub(crate) fn segment_name(first_seq: u64) -> String {
    format!("{first_seq:020}{SUFFIX}")
}

/// A segment of an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SegmentFile {
    pub(crate) path: PathBuf,
    /// From its name; `None` for the one that has no name yet.
    pub(crate) first_seq: Option<u64>,
}

/// The segments in order, the one without a name last (and only when it has begun to be written).
pub(crate) fn segments(epoch: &Path) -> Result<Vec<SegmentFile>, LedgerError> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(epoch).map_err(LedgerError::io("list", epoch))? {
        let path = entry.map_err(LedgerError::io("list", epoch))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name == NEXT {
            if begun(&path) {
                found.push(SegmentFile { path, first_seq: None });
            }
            continue;
        }
        let digits = name.strip_suffix(SUFFIX).filter(|digits| digits.len() == 20);
        if let Some(first_seq) = digits.and_then(|digits| digits.parse().ok()) {
            found.push(SegmentFile { path, first_seq: Some(first_seq) });
        }
    }
    found.sort_by_key(|segment| segment.first_seq.unwrap_or(u64::MAX));
    Ok(found)
}

/// Whether a file starts with anything but a zero. One that was renamed meanwhile counts as not begun: it is listed, or
/// will be next time, by its name.
fn begun(path: &Path) -> bool {
    let mut first = [0];
    File::open(path).and_then(|file| file.read_at(&mut first, 0)).is_ok_and(|read| read == 1 && first != [0])
}

/// Creates a directory, and those above it, with mode 0700. One that exists keeps the mode its operator gave it.
pub(crate) fn create_private_directory(path: &Path) -> Result<(), LedgerError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(LedgerError::io("create", path))
}

/// Creates a file with mode 0600, or empties the one that is there.
pub(crate) fn create_private_file(path: &Path) -> Result<File, LedgerError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true).mode(0o600);
    options.open(path).map_err(LedgerError::io("create", path))
}

/// Makes names created, changed or removed in a directory durable.
pub(crate) fn sync_directory(path: &Path) -> Result<(), LedgerError> {
    File::open(path).and_then(|directory| directory.sync_all()).map_err(LedgerError::io("flush", path))
}

/// Cuts a segment to the bytes it holds and makes its length durable.
pub(crate) fn cut(file: &File, bytes: u64, path: &Path) -> Result<(), LedgerError> {
    file.set_len(bytes).and_then(|()| file.sync_all()).map_err(LedgerError::io("cut", path))
}

/// The lock of a living writer. Held as long as the value; the system releases it when the process dies.
#[derive(Debug)]
pub(crate) struct EpochLock {
    file: File,
}

impl EpochLock {
    /// Takes the lock, or `None` when another writer (in any process) holds it.
    pub(crate) fn take(epoch: &Path) -> Result<Option<Self>, LedgerError> {
        let path = epoch.join(LOCK);
        let file = open_lock(&path).map_err(LedgerError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(LedgerError::io("lock", &path)(source)),
        }
    }

    /// Takes the lock that only one starting process may hold, waiting for another to finish its start.
    pub(crate) fn wait_for_start(ledger: &Path) -> Result<Self, LedgerError> {
        let path = ledger.join(LOCK);
        let file = open_lock(&path).map_err(LedgerError::io("open", &path))?;
        file.lock().map_err(LedgerError::io("lock", &path))?;
        Ok(Self { file })
    }

    /// Whether a writer lives. Takes nothing that could keep a starting gateway from its own lock.
    pub(crate) fn is_held(epoch: &Path) -> bool {
        let Ok(file) = File::open(epoch.join(LOCK)) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    pub(crate) fn release(&self) -> io::Result<()> {
        self.file.unlock()
    }
}

fn open_lock(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}
