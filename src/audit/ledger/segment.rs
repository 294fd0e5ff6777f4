//! A segment file and its mapping: the only unsafe code of the crate.
//!
//! Imports nothing of ours. [`Segment`] is shared (its file is filled, flushed and cut by the background threads);
//! [`SegmentWriter`] is the one place that touches the mapped bytes, is not `Clone`, and writes through `&mut self`.
//!
//! INVARIANT: nothing is written beyond `filled`, the part of the file that holds written zeros already. Its blocks exist,
//! so a full disk shows as an error of the thread that fills and never as SIGBUS in a request. (A file system that moves
//! blocks when they are overwritten may still need new ones; there the reserve of free space is the protection.)
//! INVARIANT: the file is never cut below what a writer may still touch: only segments without a writer are cut.

#![expect(unsafe_code, reason = "a shared file mapping cannot be written without it")]

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::sync::{Arc, Mutex, PoisonError};

use memmap2::{Advice, MmapOptions, MmapRaw, UncheckedAdvice};

/// Zeros are written in pieces of this many bytes, so that a waiting writer sees progress. Not in larger ones: the page
/// cache keeps a piece as one folio, and storing a byte through the mapping makes the whole folio dirty, so that the
/// flush of one record took 580 us with pieces of 256 KiB and 110 us with these.
const FILL_BYTES: usize = 64 << 10;
static ZEROS: [u8; FILL_BYTES] = [0; FILL_BYTES];

/// A segment file at its full length, mapped, filled with zeros up to a moving point.
#[derive(Debug)]
pub(super) struct Segment {
    file: File,
    map: MmapRaw,
    bytes: u64,
    filled: AtomicU64,
    /// Sequence number of its first record plus one; zero while it holds none.
    first_seq: AtomicU64,
    named: AtomicBool,
    /// True once the file may be cut; held while a piece is filled, so that no piece lands behind the cut.
    retired: Mutex<bool>,
}

impl Segment {
    /// Creates the file at `path` with mode 0600 and length `bytes`, nothing of it filled yet.
    pub(super) fn create(path: &Path, bytes: u64) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
        file.set_len(bytes)?;
        let length = usize::try_from(bytes).map_err(io::Error::other)?;
        let map = MmapOptions::new().len(length).map_raw(&file)?;
        let (filled, first_seq) = (AtomicU64::new(0), AtomicU64::new(0));
        let (named, retired) = (AtomicBool::new(false), Mutex::new(false));
        Ok(Self { file, map, bytes, filled, first_seq, named, retired })
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Length of the file in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Bytes from the start that a writer may use.
    pub(super) fn filled(&self) -> u64 {
        self.filled.load(Ordering::Acquire)
    }

    /// Sequence number of the first record; `None` while the segment is a spare.
    pub(super) fn first_seq(&self) -> Option<u64> {
        self.first_seq.load(Ordering::Acquire).checked_sub(1)
    }

    pub(super) fn begin(&self, first_seq: u64) {
        self.first_seq.store(first_seq + 1, Ordering::Release);
    }

    /// Whether its file carries its final name.
    pub(super) fn named(&self) -> bool {
        self.named.load(Ordering::Acquire)
    }

    pub(super) fn set_named(&self) {
        self.named.store(true, Ordering::Release);
    }

    /// Fills one more piece, up to `target`. True when there is more to fill. One thread at a time may call this.
    pub(super) fn fill_towards(&self, target: u64) -> io::Result<bool> {
        let retired = self.retired.lock().unwrap_or_else(PoisonError::into_inner);
        let target = if *retired { 0 } else { target.min(self.bytes) };
        let filled = self.filled();
        let missing = usize::try_from(target.saturating_sub(filled)).unwrap_or(usize::MAX);
        let piece = missing.min(FILL_BYTES);
        if piece == 0 {
            return Ok(false);
        }
        self.file.write_all_at(ZEROS.get(..piece).unwrap_or(&ZEROS), filled)?;
        let now_filled = filled + piece as u64;
        if let Ok(offset) = usize::try_from(filled) {
            // Maps the fresh pages in one call, which is cheaper than a fault for each of them in the requests that
            // meet them first. A kernel that does not know the advice leaves the faults where they were.
            let _optional = self.map.advise_range(Advice::PopulateWrite, offset, piece);
        }
        self.filled.store(now_filled, Ordering::Release);
        Ok(now_filled < target)
    }

    /// No more filling: the writer has left, and the file is about to be cut.
    pub(super) fn retire(&self) {
        *self.retired.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }

    /// Takes `from..to` out of this process's resident memory; the bytes stay in the file.
    pub(super) fn release(&self, from: u64, to: u64) {
        let (Ok(offset), Ok(length)) = (usize::try_from(from), usize::try_from(to.saturating_sub(from)))
        else {
            return;
        };
        if length == 0 || to > self.bytes {
            return;
        }
        // SAFETY: on a shared file mapping MADV_DONTNEED only drops page table entries; the next access finds the same
        // bytes in the page cache. The range lies inside the mapping (checked above).
        let _optional = unsafe { self.map.unchecked_advise_range(UncheckedAdvice::DontNeed, offset, length) };
    }
}

/// The one writer of a segment.
#[derive(Debug)]
pub(super) struct SegmentWriter {
    segment: Arc<Segment>,
    position: u64,
}

impl SegmentWriter {
    /// Becomes the writer of a segment that holds no records. `None` when it has had a writer already.
    pub(super) fn begin(segment: Arc<Segment>, first_seq: u64) -> Option<Self> {
        if segment.first_seq().is_some() {
            return None;
        }
        segment.begin(first_seq);
        Some(Self { segment, position: 0 })
    }

    pub(super) fn segment(&self) -> &Arc<Segment> {
        &self.segment
    }

    /// Where the next line begins, in bytes.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// The next `length` bytes of the file, or `None` when they are not filled yet.
    pub(super) fn slot(&mut self, length: usize) -> Option<&mut [u8]> {
        let end = self.position.checked_add(length as u64)?;
        if end > self.segment.filled() {
            return None;
        }
        let offset = usize::try_from(self.position).ok()?;
        // SAFETY: `offset..offset + length` lies inside the mapping (`filled <= bytes == map.len()`), whose file is not
        // cut while it has a writer. This writer is the only one that reaches the mapped bytes, and `&mut self` keeps
        // the slice unique. Other processes and threads read the file, not this memory.
        Some(unsafe { std::slice::from_raw_parts_mut(self.map_start().add(offset), length) })
    }

    /// Ends the line of `length - 1` bytes that was written to the slot of `length` bytes, with a newline that is stored
    /// after everything before it, so that whoever sees the newline sees the whole line.
    pub(super) fn commit(&mut self, length: usize) {
        let end = self.position + length as u64;
        let Ok(last) = usize::try_from(end.saturating_sub(1)) else { return };
        if end > self.segment.filled() || length == 0 {
            return;
        }
        fence(Ordering::Release);
        // SAFETY: `last < filled <= bytes`, and this is the one writer (see `slot`). Volatile, so that it stays after the
        // fence and is a store of its own.
        unsafe { self.map_start().add(last).write_volatile(b'\n') };
        self.position = end;
    }

    fn map_start(&self) -> *mut u8 {
        self.segment.map.as_mut_ptr()
    }
}
