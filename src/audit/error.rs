//! What can go wrong with the ledger. Imports nothing of ours; start at [`AppendError`], the one the request path meets.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

/// Why a record was not taken. The caller denies (503) on every one of them.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The writer ran into space that is not prepared yet. Retried by `record` until its deadline; nothing was written.
    #[error("the ledger is preparing space; try again in a moment")]
    Busy,
    /// The deadline passed while waiting for space or for the disk. The record may still become durable.
    #[error("the ledger did not answer within its deadline; look at the disk's load")]
    Deadline,
    /// The line cannot fit in a segment.
    #[error(
        "the record needs {line_bytes} bytes, a segment holds {segment_bytes}; raise audit.segment_bytes"
    )]
    TooLarge {
        /// Length of the whole line in bytes.
        line_bytes: usize,
        /// Length of a segment in bytes.
        segment_bytes: usize,
    },
    /// Free space is below the reserve, or the disk is full.
    #[error(
        "the disk of the ledger is below its reserve of free space; free some or lower audit.reserve_percent"
    )]
    NoSpace,
    /// The sync that covered this record failed. The record is being copied to another file, but its caller must deny.
    #[error("the disk reported an error while storing the record")]
    NotDurable,
    /// The ledger cannot store records at present; it tries again by itself every second.
    #[error("the ledger is unavailable: {0}")]
    Unavailable(Arc<str>),
    /// The payload is empty or holds a control byte, which would break the line form.
    #[error("the record is malformed: {0}")]
    Malformed(&'static str),
    /// The ledger was closed.
    #[error("the ledger is closed")]
    Closed,
}

/// The first bad place of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file that holds (or should hold) the record.
    pub file: PathBuf,
    /// Line in that file, counted from one.
    pub line: u64,
    /// Sequence number of the record in its epoch.
    pub seq: u64,
    /// Byte offset of the line in its file.
    pub offset: u64,
    /// What is wrong, as a sentence without a final stop.
    pub why: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, seq, offset, why } = self;
        write!(f, "{} line {line} (record {seq}, byte {offset}): {why}", file.display())
    }
}

/// Why the ledger could not be opened, closed, read or verified.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The file system refused something.
    #[error("ledger: cannot {what} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb: `open`, `read`.
        what: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Records that were durable are changed or missing. Nothing was modified.
    #[error("ledger: {0}")]
    Damaged(Box<Damage>),
    /// An option is out of its range.
    #[error("ledger: {0}")]
    Options(String),
    /// A record the ledger writes about itself was not taken.
    #[error("ledger: cannot write its own record: {0}")]
    Append(#[from] AppendError),
}

impl LedgerError {
    /// Wraps an I/O error with what was tried and where: `.map_err(LedgerError::io("open", path))`.
    pub(crate) fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { what, path: path.to_path_buf(), source }
    }
}

impl From<Damage> for LedgerError {
    fn from(damage: Damage) -> Self {
        Self::Damaged(Box::new(damage))
    }
}
