//! Lines by their place, and records by the time in their id.
//!
//! Imports `model`, `audit::{epoch, line, read}` and `index::{entry, key, store}`. Start at [`Shelf::line`].

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use crate::audit::epoch::{NEXT, epochs, read_sealed, segment_name, segments};
use crate::audit::error::LedgerError;
use crate::audit::index::entry::{Entry, Indexed, Place};
use crate::audit::index::key::CallKey;
use crate::audit::index::store::IndexError;
use crate::audit::line::Frame;
use crate::audit::read::{Cursor, LineEnd};
use crate::model::time::Timestamp;

/// Most lines fit in a first read of so many bytes.
const FIRST_READ_BYTES: usize = 4096;
/// How often a record is looked for by its number: a segment that gets its name in the same moment is not seen by every look.
const LOOKS: usize = 3;
/// Files kept open for the next line.
const OPEN_FILES: usize = 16;
/// A record is not recorded earlier than the time in its id, and hardly ever so much later.
const LATE_MICROS: i64 = 600_000_000;
/// What is read of a log behind a decision to find out what became of the call, in bytes.
const EXECUTION_WITHIN_BYTES: usize = 64 << 20;
/// Lines are looked for so far before the end of a sealed log, in bytes.
const LAST_LINE_BYTES: u64 = 64 << 10;

/// The segments of a ledger, opened as they are needed.
#[derive(Debug)]
pub(super) struct Shelf<'l> {
    directory: &'l Path,
    files: HashMap<(Arc<str>, u64), File>,
}

impl<'l> Shelf<'l> {
    pub(super) fn new(directory: &'l Path) -> Self {
        Self { directory, files: HashMap::new() }
    }

    /// The line of a record, `None` when its epoch was taken away.
    ///
    /// # Errors
    /// The epoch is there, but not this record.
    pub(super) fn line(
        &mut self,
        epoch: &Arc<str>,
        seq: u64,
        place: Place,
    ) -> Result<Option<Vec<u8>>, IndexError> {
        if let Some(line) = self.read_at(epoch, place)
            && Frame::parse(&line).is_some_and(|frame| frame.seq == seq)
        {
            return Ok(Some(line));
        }
        // A failed disk makes the ledger move its last records to another file.
        self.files.clear();
        let path = self.directory.join(&**epoch);
        if !path.exists() {
            return Ok(None);
        }
        for _look in 0..LOOKS {
            if let Some(line) = look_for(&path, seq)? {
                return Ok(Some(line));
            }
        }
        Err(IndexError::Damaged(format!("the ledger has no record {seq} in {epoch}")))
    }

    fn read_at(&mut self, epoch: &Arc<str>, place: Place) -> Option<Vec<u8>> {
        let of_file = (Arc::clone(epoch), place.segment);
        if !self.files.contains_key(&of_file) {
            if self.files.len() >= OPEN_FILES {
                self.files.clear();
            }
            let folder = self.directory.join(&**epoch);
            let named = File::open(folder.join(segment_name(place.segment)));
            let file = named.or_else(|_| File::open(folder.join(NEXT))).ok()?;
            self.files.insert(of_file.clone(), file);
        }
        line_at(self.files.get(&of_file)?, place.offset)
    }
}

/// A record by its number, wherever it lies: read on from the last segment that may hold it, also into the one that has no name
/// yet.
fn look_for(epoch: &Path, seq: u64) -> Result<Option<Vec<u8>>, LedgerError> {
    let firsts = segments(epoch)?.into_iter().filter_map(|segment| segment.first_seq);
    let from = firsts.filter(|first| *first <= seq).max().unwrap_or_default();
    let mut cursor = Cursor::at_segment(epoch, from);
    while cursor.advance()? == LineEnd::Full {
        match Frame::parse(cursor.line()).map(|frame| frame.seq) {
            Some(found) if found == seq => return Ok(Some(cursor.line().to_vec())),
            Some(found) if found > seq => return Ok(None),
            _ => {}
        }
    }
    Ok(None)
}

fn line_at(file: &File, offset: u64) -> Option<Vec<u8>> {
    let mut line = vec![0; FIRST_READ_BYTES];
    let mut read = 0;
    loop {
        let count = file.read_at(line.get_mut(read..)?, offset + read as u64).ok()?;
        let end = line.get(read..read + count)?.iter().position(|byte| matches!(byte, b'\n' | 0));
        if let Some(end) = end {
            line.truncate(read + end);
            return Some(line);
        }
        if count == 0 {
            return None;
        }
        read += count;
        line.resize(line.len() * 2, 0);
    }
}

/// The last entry of a call, with what became of it, looked for in the ledger itself: in the epochs and segments of the time
/// that its id carries. `None` for an id without a time, and when it is not there within ten minutes of that time.
pub(super) fn find_by_time(directory: &Path, key: &CallKey) -> Result<Option<Entry>, IndexError> {
    let Some(time) = key.time() else { return Ok(None) };
    for (name, path) in epochs(directory)?.into_iter().rev() {
        if ended_before(&path, time).unwrap_or(false) {
            continue;
        }
        if let Some(entry) = find_in_epoch(&Arc::from(name), &path, key, time)? {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}

fn find_in_epoch(
    epoch: &Arc<str>,
    path: &Path,
    key: &CallKey,
    time: Timestamp,
) -> Result<Option<Entry>, IndexError> {
    let (from, until) =
        (time.to_rfc3339(), Timestamp::from_micros(time.as_micros() + LATE_MICROS).to_rfc3339());
    let mut found: Option<Entry> = None;
    let mut left = EXECUTION_WITHIN_BYTES;
    let mut cursor = Cursor::at_segment(path, first_segment(path, &from)?);
    loop {
        let seq = cursor.next_seq();
        if cursor.advance()? != LineEnd::Full {
            return Ok(found);
        }
        let line = cursor.line();
        let Some(frame) = Frame::parse(line) else { continue };
        if frame.time > until.as_str() || left == 0 {
            return Ok(found);
        }
        if frame.time < from.as_str() {
            continue;
        }
        let (segment, offset) = cursor.line_place();
        match Indexed::read(line, epoch, seq, Place { segment, offset }) {
            Indexed::Entry(entry) if entry.key.as_ref() == Some(key) => found = Some(entry),
            Indexed::Execution(execution) if execution.key == *key => {
                return Ok(found.map(|entry| Entry { execution: Some(execution), ..entry }));
            }
            _ => {}
        }
        left = if found.is_some() { left.saturating_sub(line.len()) } else { left };
    }
}

/// The first record of the last segment that begins at that time or before.
fn first_segment(path: &Path, time: &str) -> Result<u64, LedgerError> {
    let listed = segments(path)?;
    let begins_later = |segment: &u64| {
        let mut cursor = Cursor::at_segment(path, *segment);
        let first = cursor.advance().is_ok_and(|end| end == LineEnd::Full);
        first && Frame::parse(cursor.line()).is_some_and(|frame| frame.time > time)
    };
    let starts: Vec<u64> = listed.iter().filter_map(|segment| segment.first_seq).collect();
    let later = starts.partition_point(|start| !begins_later(start));
    Ok(later.checked_sub(1).and_then(|last| starts.get(last)).copied().unwrap_or_default())
}

/// Whether a sealed epoch's last record is from before that time; an error or `false` when that is not known.
fn ended_before(path: &Path, time: Timestamp) -> io::Result<bool> {
    let Ok(Some(Ok(mark))) = read_sealed(path) else { return Ok(false) };
    let mut file = File::open(path.join(&mark.segment))?;
    file.seek(SeekFrom::Start(mark.offset.saturating_sub(LAST_LINE_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(LAST_LINE_BYTES).read_to_end(&mut bytes)?;
    let last = bytes.strip_suffix(b"\n").and_then(|bytes| bytes.rsplit(|byte| *byte == b'\n').next());
    let frame = last.and_then(Frame::parse);
    Ok(frame.is_some_and(|frame| frame.time < time.to_rfc3339().as_str()))
}
