//! The sync thread: one flush per batch, then everybody of the batch at once, then the mark. It also flushes and cuts
//! the segments the writer has left behind (under `process` that is all it does).
//!
//! Imports the files beside it and `audit::{epoch, error, line}`. Start at [`run`], then [`Syncer::round`].
//!
//! A flush that failed is never trusted again: the kernel may have dropped the pages and call the next flush a success.
//! So the writer moves to another segment, the records not known to be durable are copied byte for byte into a new file
//! named by the first of them, and from that number on readers ignore the file that failed.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::audit::epoch::{Mark, MarkFile, NEXT, Replacement, cut, replace, seal, segment_name};
use crate::audit::error::LedgerError;
use crate::audit::ledger::append::ClosedSegment;
use crate::audit::ledger::handle::Shared;
use crate::audit::ledger::options::Durability;
use crate::audit::ledger::segment::Segment;
use crate::audit::ledger::wake::Work;
use crate::audit::line::HexHash;

/// Records of callers that do not wait are flushed after this long when nobody else asks.
const LINGER: Duration = Duration::from_millis(100);
/// The mark is written with every flush, and itself flushed this often: after the machine's death (not the process's) it may
/// trail the records by about this much.
const MARK_PACE: Duration = Duration::from_millis(10);
/// A failed disk is tried again this often.
const RETRY: Duration = Duration::from_secs(1);
/// How often and how long the syncer waits for the keeper to prepare a segment: one second in all.
const SPARE_TRIES: u32 = 200;
const SPARE_PAUSE: Duration = Duration::from_millis(5);

/// Runs until the gate says stop. Seals the epoch then, if it was closed; otherwise leaves it as a crash would.
pub(super) fn run(shared: &Arc<Shared>, mark: MarkFile) -> Result<(), LedgerError> {
    let mut syncer = Syncer::new(Arc::clone(shared), mark);
    let patience = (shared.options.durability == Durability::Disk).then_some(LINGER);
    let mut pace = Pace::default();
    loop {
        let patience = if syncer.mark_due { Some(MARK_PACE) } else { patience };
        let work = shared.gate.next_work(patience);
        if work == Work::Sync {
            pace.before_round(shared);
        }
        if work == Work::Stop {
            let closed = shared.end().closed;
            let outcome = if closed { syncer.seal() } else { Ok(()) };
            shared.gate.shut();
            return outcome;
        }
        let outcome = syncer.round(false);
        pace.after_round(std::mem::take(&mut syncer.served));
        if outcome.is_err() && shared.gate.pause(RETRY) {
            // The stop is answered by the next turn of the loop, with a last attempt.
            thread::yield_now();
        }
    }
}

/// Spaces the flushes so that batches form, but only where there is something to batch: a lone caller is served at once.
#[derive(Debug, Default)]
struct Pace {
    last_end: Option<Instant>,
    /// Callers served per round, smoothed, in eighths.
    served_eighths: usize,
}

impl Pace {
    fn before_round(&self, shared: &Shared) {
        let pause = match self.served_eighths / 8 {
            0..=1 => return,
            2..=47 => Duration::from_millis(1),
            _ => Duration::from_millis(2),
        };
        let since = self.last_end.map_or(pause, |end| end.elapsed());
        if let Some(left) = pause.checked_sub(since)
            && !left.is_zero()
        {
            let _stopping = shared.gate.pause(left);
        }
    }

    fn after_round(&mut self, served: usize) {
        self.last_end = Some(Instant::now());
        self.served_eighths = self.served_eighths - self.served_eighths / 4 + served.min(1_000) * 2;
    }
}

/// What the thread knows about how far the log is on disk.
#[derive(Debug)]
pub(super) struct Syncer {
    shared: Arc<Shared>,
    mark: MarkFile,
    /// The segment the durable part ends in (its first number), and where, in bytes.
    segment_first_seq: u64,
    offset: u64,
    last_hash: HexHash,
    /// The segment (its first number) whose flush failed: flushing it again would prove nothing.
    distrusted: Option<u64>,
    /// The mark stands before the durable end.
    mark_due: bool,
    marked_at: Option<Instant>,
    /// Callers woken with success since this was last taken.
    served: usize,
}

impl Syncer {
    pub(super) fn new(shared: Arc<Shared>, mark: MarkFile) -> Self {
        Self {
            shared,
            mark,
            segment_first_seq: 0,
            offset: 0,
            last_hash: HexHash::GENESIS,
            distrusted: None,
            mark_due: false,
            marked_at: None,
            served: 0,
        }
    }

    /// Makes durable what is there: first the segments left behind, then the current one. On failure the records are
    /// copied elsewhere; an error means that failed too, and the ledger refuses records until a later round works.
    pub(super) fn round(&mut self, last: bool) -> Result<(), LedgerError> {
        let outcome = self.attempt(last);
        let reason = outcome.as_ref().err().map(|error| Arc::from(error.to_string()));
        let mut end = self.shared.end();
        let failed = reason.is_some();
        end.sync_failure = reason;
        let next_seq = end.next_seq;
        drop(end);
        if failed {
            self.shared.gate.fail(self.shared.gate.durable_until()..next_seq);
        }
        outcome
    }

    fn attempt(&mut self, last: bool) -> Result<(), LedgerError> {
        while let Some(closed) = self.front() {
            self.finish(&closed)?;
            self.shared.end().behind.pop_front();
        }
        if self.shared.options.durability == Durability::Process && !last {
            return self.write_mark();
        }
        let current = self.shared.end().as_closed();
        // A rotation may have come between; then the older one is taken first, on the next turn.
        if self.front().is_some() {
            return self.attempt(last);
        }
        if current.records <= self.shared.gate.durable_until() {
            return self.write_mark();
        }
        if self.flush(&current.segment) { self.reached(&current) } else { self.abandon() }
    }

    /// The last round: makes everything durable, cuts the last segment, and says that the log is complete.
    fn seal(&mut self) -> Result<(), LedgerError> {
        self.round(true)?;
        let last = self.shared.end().as_closed();
        self.finish(&last)?;
        let directory = &self.shared.directory;
        let spare = directory.join(NEXT);
        if spare.exists() {
            std::fs::remove_file(&spare).map_err(LedgerError::io("remove", &spare))?;
        }
        seal(directory, &self.place())
    }

    fn front(&self) -> Option<ClosedSegment> {
        self.shared.end().behind.front().cloned()
    }

    /// Flushes, cuts and marks a segment that has no writer any more.
    pub(super) fn finish(&mut self, closed: &ClosedSegment) -> Result<(), LedgerError> {
        self.shared.name_segment(&closed.segment)?;
        let first_seq = closed.segment.first_seq().unwrap_or_default();
        let known = closed.records <= self.shared.gate.durable_until();
        if known && self.segment_first_seq > first_seq {
            // It was replaced by a copy already.
            return Ok(());
        }
        if !known && !self.flush(&closed.segment) {
            return self.move_to_new_file(closed);
        }
        if !known {
            self.reached(closed)?;
        }
        closed.segment.retire();
        cut(closed.segment.file(), closed.end, &self.shared.directory.join(segment_name(first_seq)))
    }

    fn flush(&mut self, segment: &Segment) -> bool {
        if self.distrusted.is_some() && self.distrusted == segment.first_seq() {
            return false;
        }
        let flushed = (self.shared.probes.sync)(segment.file()).is_ok();
        if !flushed {
            self.distrusted = segment.first_seq();
        }
        flushed
    }

    /// The current segment could not be flushed: leaves it and copies what is not durable.
    fn abandon(&mut self) -> Result<(), LedgerError> {
        let durable = self.shared.gate.durable_until();
        let upto = self.shared.end().next_seq;
        self.shared.gate.fail(durable..upto);
        // The writer may have left it by itself meanwhile.
        if self.front().is_none() && !self.leave_segment() {
            let source = std::io::Error::other("the disk failed and no other segment is ready");
            return Err(LedgerError::io("flush", &self.shared.directory)(source));
        }
        let Some(closed) = self.front() else { return Ok(()) };
        self.shared.name_segment(&closed.segment)?;
        self.move_to_new_file(&closed)?;
        self.shared.end().behind.pop_front();
        Ok(())
    }

    /// Makes the writer go on in another segment, which the keeper may have to prepare first.
    fn leave_segment(&self) -> bool {
        for _ in 0..SPARE_TRIES {
            let mut end = self.shared.end();
            if end.rotate() {
                drop(end);
                self.shared.bell.ring();
                return true;
            }
            end.spare_wanted = true;
            drop(end);
            self.shared.bell.ring();
            thread::sleep(SPARE_PAUSE);
        }
        false
    }

    /// Copies the records of `closed` that are not durable into a file of their own.
    fn move_to_new_file(&mut self, closed: &ClosedSegment) -> Result<(), LedgerError> {
        let first_seq = closed.segment.first_seq().unwrap_or_default();
        let durable = self.shared.gate.durable_until();
        self.shared.gate.fail(durable..closed.records);
        let from = if self.segment_first_seq == first_seq { self.offset } else { 0 };
        closed.segment.retire();
        replace(&Replacement {
            directory: &self.shared.directory,
            source: closed.segment.file(),
            source_name: &segment_name(first_seq),
            from,
            to: closed.end,
            first_seq: durable,
            records: closed.records,
            previous: self.last_hash,
            last_hash: closed.last_hash,
            sync: &self.shared.probes.sync,
        })?;
        self.segment_first_seq = durable;
        self.offset = closed.end - from;
        self.last_hash = closed.last_hash;
        self.served += self.shared.gate.advance(closed.records);
        self.mark_due = true;
        self.write_mark()
    }

    /// The log is on disk up to where `reached` ends: wakes its callers, then writes the mark off their path.
    fn reached(&mut self, reached: &ClosedSegment) -> Result<(), LedgerError> {
        self.segment_first_seq = reached.segment.first_seq().unwrap_or_default();
        self.offset = reached.end;
        self.last_hash = reached.last_hash;
        self.served += self.shared.gate.advance(reached.records);
        self.mark_due = true;
        self.write_mark()
    }

    /// Writes the mark if it is behind, and flushes it if the last flush is some time ago: that is a flush of its own, for
    /// which the callers of the next batch would wait.
    fn write_mark(&mut self) -> Result<(), LedgerError> {
        if !self.mark_due {
            return Ok(());
        }
        if self.marked_at.is_some_and(|at| at.elapsed() < MARK_PACE) {
            return self.mark.note(&self.place());
        }
        self.mark.write(&self.place(), &self.shared.probes.sync)?;
        self.mark_due = false;
        self.marked_at = Some(Instant::now());
        Ok(())
    }

    /// Where the durable part ends.
    fn place(&self) -> Mark {
        Mark {
            records: self.shared.gate.durable_until(),
            segment: segment_name(self.segment_first_seq),
            offset: self.offset,
            last_hash: self.last_hash,
        }
    }
}
