//! The hot path: one record into the mapped segment. No system call, no wake-up, no allocation.
//!
//! Imports `audit::{error, line}`, `ledger::segment` and `model::time`. [`LogEnd`] is what the append lock guards; the two
//! threads read it to see what to prepare and what to flush.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::audit::error::AppendError;
use crate::audit::ledger::segment::{Segment, SegmentWriter};
use crate::audit::line::{Draft, HexHash};
use crate::model::time::{RFC3339_MAX_BYTES, Timestamp};

/// Bytes kept filled ahead of the writer: at 100 MB/s the thread that fills has 80 ms.
pub(super) const AHEAD_BYTES: u64 = 8 << 20;
/// The writer asks for more space each time it has used this many bytes: one wake-up per about a thousand records.
const NUDGE_BYTES: u64 = 1 << 20;

/// A record that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Its sequence number in this epoch; dense, from zero.
    pub seq: u64,
}

/// Who may use the reserve of free space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    Normal,
    Reserve,
}

/// A segment that has no writer any more and waits to be flushed and cut.
#[derive(Clone, Debug)]
pub(super) struct ClosedSegment {
    pub(super) segment: Arc<Segment>,
    /// Bytes written.
    pub(super) end: u64,
    /// Records in the epoch up to its end.
    pub(super) records: u64,
    /// Hash of the last record before its end.
    pub(super) last_hash: HexHash,
}

/// Where the log ends, and why it may not go on.
#[derive(Debug)]
pub(super) struct LogEnd {
    pub(super) writer: SegmentWriter,
    /// The next segment, once the keeper has prepared it.
    pub(super) spare: Option<Arc<Segment>>,
    /// Segments left behind, oldest first. The syncer removes them when they are flushed and cut.
    pub(super) behind: VecDeque<ClosedSegment>,
    pub(super) next_seq: u64,
    pub(super) last_hash: HexHash,
    time: Timestamp,
    time_text: Vec<u8>,
    nudge_at: u64,
    /// A line that found too little room needs this many bytes; zero when none does.
    pub(super) wanted: u64,
    /// The syncer has to leave the current segment and needs a spare one whatever is left in this.
    pub(super) spare_wanted: bool,
    pub(super) closed: bool,
    pub(super) below_reserve: bool,
    /// Why records cannot be made durable at present.
    pub(super) sync_failure: Option<Arc<str>>,
    /// Why no more space can be prepared at present. What is prepared may still be used.
    pub(super) fill_failure: Option<AppendError>,
}

/// What the caller of [`LogEnd::append`] does after releasing the lock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Landing {
    pub(super) appended: Appended,
    /// Wake the keeper: space ahead is running down.
    pub(super) nudge: bool,
    /// Wake the syncer: a segment was left behind.
    pub(super) rotated: bool,
}

impl LogEnd {
    /// The log of a new epoch that writes into `segment`.
    pub(super) fn new(writer: SegmentWriter, start: Timestamp) -> Self {
        let mut time_text = Vec::with_capacity(RFC3339_MAX_BYTES);
        start.write_rfc3339(&mut time_text);
        Self {
            writer,
            spare: None,
            behind: VecDeque::new(),
            next_seq: 0,
            last_hash: HexHash::GENESIS,
            time: start,
            time_text,
            nudge_at: NUDGE_BYTES,
            wanted: 0,
            spare_wanted: false,
            closed: false,
            below_reserve: false,
            sync_failure: None,
            fill_failure: None,
        }
    }

    /// Appends one line. `payload` was checked before the lock was taken.
    ///
    /// Only what depends on the record before happens here: the number, the time that never goes back, the link, the hash
    /// and the copy. The line is built in its final place, so nothing is copied twice.
    pub(super) fn append(
        &mut self,
        payload: &[u8],
        now: Timestamp,
        admission: Admission,
    ) -> Result<Landing, AppendError> {
        self.admit(admission)?;
        if now > self.time {
            self.time = now;
            self.time_text.clear();
            now.write_rfc3339(&mut self.time_text);
        }
        let line_bytes = self.draft(payload).line_bytes();
        let rotated = self.make_room(line_bytes + 1)?;
        let draft = Draft { seq: self.next_seq, time: &self.time_text, payload, previous: &self.last_hash };
        let Some(slot) = self.writer.slot(line_bytes) else { return Err(AppendError::Busy) };
        if !draft.write(slot) {
            return Err(AppendError::Malformed("its length changed while it was written"));
        }
        self.last_hash = HexHash::of_line(slot);
        self.writer.commit(line_bytes + 1);
        let appended = Appended { seq: self.next_seq };
        self.next_seq += 1;
        let nudge = rotated || self.writer.position() >= self.nudge_at;
        if nudge {
            self.nudge_at = self.writer.position() + NUDGE_BYTES;
        }
        Ok(Landing { appended, nudge, rotated })
    }

    /// Leaves the current segment for the spare one. False when there is none.
    pub(super) fn rotate(&mut self) -> bool {
        let Some(spare) = self.spare.take() else { return false };
        let Some(writer) = SegmentWriter::begin(spare, self.next_seq) else { return false };
        let closed = self.as_closed();
        self.behind.push_back(closed);
        self.writer = writer;
        true
    }

    /// The current segment as if it were left behind now.
    pub(super) fn as_closed(&self) -> ClosedSegment {
        ClosedSegment {
            segment: Arc::clone(self.writer.segment()),
            end: self.writer.position(),
            records: self.next_seq,
            last_hash: self.last_hash,
        }
    }

    fn draft<'a>(&'a self, payload: &'a [u8]) -> Draft<'a> {
        Draft { seq: self.next_seq, time: &self.time_text, payload, previous: &self.last_hash }
    }

    fn admit(&self, admission: Admission) -> Result<(), AppendError> {
        if self.closed {
            return Err(AppendError::Closed);
        }
        if let Some(reason) = &self.sync_failure {
            return Err(AppendError::Unavailable(Arc::clone(reason)));
        }
        if self.below_reserve && admission == Admission::Normal {
            return Err(AppendError::NoSpace);
        }
        Ok(())
    }

    /// Sees to it that `bytes` fit in the current segment, moving to the spare one if need be. True when it moved.
    fn make_room(&mut self, bytes: usize) -> Result<bool, AppendError> {
        let needed = bytes as u64;
        let segment = self.writer.segment();
        let segment_bytes = segment.bytes();
        if needed > segment_bytes {
            let segment_bytes = usize::try_from(segment_bytes).unwrap_or(usize::MAX);
            return Err(AppendError::TooLarge { line_bytes: bytes, segment_bytes });
        }
        let end = self.writer.position() + needed;
        if end <= segment.filled() {
            return Ok(false);
        }
        let spare_fits = self.spare.as_ref().is_some_and(|spare| spare.filled() >= needed);
        if end > segment_bytes && spare_fits && self.rotate() {
            return Ok(true);
        }
        self.wanted = self.wanted.max(needed);
        Err(self.fill_failure.clone().unwrap_or(AppendError::Busy))
    }
}
