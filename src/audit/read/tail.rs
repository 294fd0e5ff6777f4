//! The last records of a ledger, and those that come after them.
//!
//! Imports `audit::{error, epoch}` and `read`. Start at [`tail`].

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::audit::epoch::{epochs, segments};
use crate::audit::error::LedgerError;
use crate::audit::read::cursor::{Cursor, LineEnd};
use crate::audit::read::records::StoredRecord;

/// Follows a ledger. Every epoch keeps its own place, for two processes may write at a time while one hands over to the
/// other.
#[derive(Debug)]
pub struct Tail {
    directory: PathBuf,
    cursors: BTreeMap<String, (Arc<str>, Cursor)>,
    pending: VecDeque<StoredRecord>,
}

/// Opens the ledger in `directory` at its last `count` records, which the first [`Tail::poll_new`] returns.
///
/// # Errors
/// When a directory or file cannot be read.
pub fn tail(directory: &Path, count: usize) -> Result<Tail, LedgerError> {
    let mut tail =
        Tail { directory: directory.to_path_buf(), cursors: BTreeMap::new(), pending: VecDeque::new() };
    for (name, path) in epochs(directory)?.into_iter().rev() {
        let epoch: Arc<str> = Arc::from(name.as_str());
        let (cursor, last) = last_records(&path, &epoch, count - tail.pending.len().min(count))?;
        last.into_iter().rev().for_each(|record| tail.pending.push_front(record));
        tail.cursors.insert(name, (epoch, cursor));
    }
    Ok(tail)
}

impl Tail {
    /// The records that came since the last call (the first call: the last ones there were). Empty when there are none;
    /// ask again after a while.
    ///
    /// # Errors
    /// When a directory or file cannot be read.
    pub fn poll_new(&mut self) -> Result<Vec<StoredRecord>, LedgerError> {
        for (name, path) in epochs(&self.directory)? {
            let (epoch, cursor) = self
                .cursors
                .entry(name)
                .or_insert_with_key(|name| (Arc::from(name.as_str()), Cursor::new(&path)));
            read_on(epoch, cursor, |record| self.pending.push_back(record))?;
        }
        Ok(self.pending.drain(..).collect())
    }
}

/// Starts at the first segment, from the end, that has enough records after its beginning.
fn last_records(
    path: &Path,
    epoch: &Arc<str>,
    count: usize,
) -> Result<(Cursor, VecDeque<StoredRecord>), LedgerError> {
    let mut starts: Vec<u64> = segments(path)?.iter().filter_map(|segment| segment.first_seq).collect();
    loop {
        let first_seq = starts.pop().unwrap_or_default();
        let mut cursor = Cursor::at_segment(path, first_seq);
        let mut last = VecDeque::new();
        read_on(epoch, &mut cursor, |record| {
            last.push_back(record);
            if last.len() > count {
                last.pop_front();
            }
        })?;
        if last.len() >= count || starts.is_empty() {
            return Ok((cursor, last));
        }
    }
}

fn read_on(
    epoch: &Arc<str>,
    cursor: &mut Cursor,
    mut take: impl FnMut(StoredRecord),
) -> Result<(), LedgerError> {
    loop {
        let seq = cursor.next_seq();
        if cursor.advance()? != LineEnd::Full {
            return Ok(());
        }
        take(StoredRecord::new(epoch, seq, cursor.line()));
    }
}
