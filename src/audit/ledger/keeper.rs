//! The keeper thread: keeps zero-filled space ahead of the writer, prepares the next segment, gives memory behind the
//! writer back, and looks at the disk's free space once a second.
//!
//! Imports the files beside it and `audit::{epoch, error}`. Start at [`run`].

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::audit::epoch::{NEXT, sync_directory};
use crate::audit::error::{AppendError, LedgerError};
use crate::audit::ledger::append::AHEAD_BYTES;
use crate::audit::ledger::handle::Shared;
use crate::audit::ledger::segment::Segment;

/// How often the free space is read, and a failed preparation tried again.
const TICK: Duration = Duration::from_secs(1);
/// Memory behind the writer is given back in pieces of this many bytes.
const RELEASE_BYTES: u64 = 1 << 20;

/// How much of a segment was given back. Holds no mapping alive: the syncer's last use of a segment unmaps it.
#[derive(Debug, Default)]
struct Progress {
    segment: Weak<Segment>,
    released: u64,
}

/// Runs until the bell says stop.
pub(super) fn run(shared: &Shared) {
    let mut progress = Progress::default();
    let mut next_tick = Instant::now();
    loop {
        if Instant::now() >= next_tick {
            read_space(shared);
            next_tick = Instant::now() + TICK;
        }
        let outcome = prepare(shared, &mut progress);
        note(shared, outcome);
        if shared.bell.wait(next_tick.saturating_duration_since(Instant::now())) {
            return;
        }
    }
}

/// Reads the free space and opens or shuts the door for records.
pub(super) fn read_space(shared: &Shared) {
    // An unreadable figure changes nothing: a disk that is really full shows when space is prepared.
    let Ok(space) = (shared.probes.space)(&shared.directory) else { return };
    shared.free_bytes.store(space.free_bytes, Ordering::Relaxed);
    let reserve = u128::from(space.total_bytes) * u128::from(shared.options.reserve_percent);
    let below = u128::from(space.free_bytes) * 100 < reserve;
    shared.end().below_reserve = below;
}

/// Fills the current segment, then the spare one, until enough is ahead of the writer.
fn prepare(shared: &Shared, progress: &mut Progress) -> Result<(), LedgerError> {
    loop {
        release_behind(shared, progress);
        let end = shared.end();
        let segment = Arc::clone(end.writer.segment());
        let (position, wanted) = (end.writer.position(), end.wanted);
        let (spare, spare_wanted) = (end.spare.clone(), end.spare_wanted);
        drop(end);

        shared.name_segment(&segment)?;
        let left = segment.bytes().saturating_sub(position);
        let mut more = fill(shared, &segment, position.saturating_add(AHEAD_BYTES.max(wanted)))?;
        // What the current segment cannot give, the spare one must.
        let beyond = match () {
            () if wanted > left => wanted.max(AHEAD_BYTES),
            () if spare_wanted => AHEAD_BYTES,
            () => AHEAD_BYTES.saturating_sub(left),
        };
        if !more && beyond > 0 {
            let spare = match spare {
                Some(spare) => spare,
                None => add_spare(shared)?,
            };
            more = fill(shared, &spare, beyond)?;
        }
        if !more {
            let mut end = shared.end();
            end.wanted = 0;
            end.spare_wanted = false;
            return Ok(());
        }
    }
}

/// One piece of zeros; tells those who wait for space.
fn fill(shared: &Shared, segment: &Segment, target: u64) -> Result<bool, LedgerError> {
    let before = segment.filled();
    let more =
        segment.fill_towards(target).map_err(LedgerError::io("prepare space in", &shared.directory))?;
    if segment.filled() > before {
        shared.room.notify_waiters();
    }
    Ok(more)
}

/// Creates the next segment under its provisional name. It is renamed by this thread when its first record says what its
/// name is, so that the writer makes no system call; a reader that meets the provisional name takes it for the last one.
fn add_spare(shared: &Shared) -> Result<Arc<Segment>, LedgerError> {
    let path = shared.directory.join(NEXT);
    if let Err(error) = std::fs::remove_file(&path)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(LedgerError::io("remove", &path)(error));
    }
    let spare =
        Segment::create(&path, shared.options.segment_bytes).map_err(LedgerError::io("create", &path))?;
    sync_directory(&shared.directory)?;
    let spare = Arc::new(spare);
    shared.end().spare = Some(Arc::clone(&spare));
    Ok(spare)
}

/// Leaves the outcome where appends and the status find it.
fn note(shared: &Shared, outcome: Result<(), LedgerError>) {
    let failure = outcome.err().map(|error| match error {
        LedgerError::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => AppendError::NoSpace,
        other => AppendError::Unavailable(Arc::from(other.to_string())),
    });
    let mut end = shared.end();
    let failed = failure.is_some();
    end.fill_failure = failure;
    drop(end);
    if failed {
        // Those who wait for space learn that there is none for now.
        shared.room.notify_waiters();
    }
}

/// Takes what was written out of resident memory, except the page the writer is on and a little behind it.
fn release_behind(shared: &Shared, progress: &mut Progress) {
    let end = shared.end();
    let (segment, position) = (Arc::clone(end.writer.segment()), end.writer.position());
    drop(end);
    if !std::ptr::eq(progress.segment.as_ptr(), Arc::as_ptr(&segment)) {
        // The writer has moved on; a segment that waits for its flush should not stay in memory meanwhile.
        if let Some(left) = progress.segment.upgrade() {
            left.release(progress.released, left.bytes());
        }
        *progress = Progress { segment: Arc::downgrade(&segment), released: 0 };
    }
    let to = position / RELEASE_BYTES * RELEASE_BYTES;
    if to > progress.released {
        segment.release(progress.released, to);
        progress.released = to;
    }
}
