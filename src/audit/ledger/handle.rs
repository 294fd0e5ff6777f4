//! [`Ledger`]: what the rest of the gateway holds. Appending, waiting for durability, and the state to report.
//!
//! Imports `audit::{error, line, epoch}`, the files beside it and `model::time`. Opening and closing are in
//! `lifecycle.rs`.

use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{JoinHandle, Thread};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::audit::epoch::{EpochLock, leave_unreconciled};
use crate::audit::error::{AppendError, LedgerError};
use crate::audit::ledger::append::{Admission, Appended, LogEnd};
use crate::audit::ledger::options::{Durability, LedgerOptions, Probes};
use crate::audit::ledger::segment::Segment;
use crate::audit::ledger::wake::Gate;
use crate::audit::line::{HexHash, check_payload};
use crate::model::time::Timestamp;

/// The append-only log of this process, and the threads that serve it.
///
/// Dropping it without [`Ledger::close`] is safe and looks like a crash: the next start repairs and seals the epoch.
#[derive(Debug)]
pub struct Ledger {
    pub(super) shared: Arc<Shared>,
    /// The keeper, then the syncer.
    pub(super) threads: Mutex<Vec<JoinHandle<Result<(), LedgerError>>>>,
}

/// What the ledger and its threads share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) epoch: String,
    /// Directory of the epoch.
    pub(super) directory: PathBuf,
    pub(super) options: LedgerOptions,
    pub(super) probes: Probes,
    pub(super) end: Mutex<LogEnd>,
    pub(super) gate: Gate,
    pub(super) bell: Bell,
    /// Told when space was prepared or an obstacle went away.
    pub(super) room: Notify,
    /// Held while a segment gets its name.
    pub(super) naming: Mutex<()>,
    pub(super) free_bytes: AtomicU64,
    /// Records in earlier epochs that were sealed when this one opened.
    pub(super) earlier_records: u64,
    pub(super) lock: EpochLock,
}

/// The ledger's state, for health and metrics.
#[derive(Clone, Debug)]
pub struct LedgerStatus {
    /// Name of this process's epoch.
    pub epoch: String,
    /// The number the next record gets; also the count of records in this epoch.
    pub next_seq: u64,
    /// Hash of the last record.
    pub last_hash: HexHash,
    /// Every record with a lower number is known to be on disk. Under `process` it moves when a segment is full.
    pub durable_seq: u64,
    /// `Err` with the reason while records are refused.
    pub healthy: Result<(), String>,
    /// Free space on the ledger's disk in bytes, as of the last second.
    pub disk_free_bytes: u64,
    /// Records in all epochs of the directory: those sealed when this one opened, and this one's.
    pub records_total: u64,
    /// What a record has survived when `record` returns.
    pub durability: Durability,
}

impl Ledger {
    /// Appends a record without waiting for the disk. Never blocks on I/O.
    ///
    /// `payload` is a run of JSON members (`"kind":"decision","tenant":"default"`), without braces around it and without
    /// `seq`, `time` and `previous_hash`, which the ledger adds.
    ///
    /// # Errors
    /// [`AppendError::Busy`] when space runs ahead of the thread that prepares it (`record` waits in that case), and every
    /// other reason for which a record is refused. Nothing was written then.
    pub fn append(&self, payload: &[u8], now: Timestamp) -> Result<Appended, AppendError> {
        self.append_as(payload, now, Admission::Normal)
    }

    /// As [`Ledger::append`], but may use the reserve of free space: for what must be recorded about calls that were
    /// already let through, and for approvals.
    ///
    /// # Errors
    /// As [`Ledger::append`], except `NoSpace` while the reserve lasts.
    pub fn append_from_reserve(&self, payload: &[u8], now: Timestamp) -> Result<Appended, AppendError> {
        self.append_as(payload, now, Admission::Reserve)
    }

    /// Appends a record and returns when it has the configured durability. Under `process` this does not await unless
    /// the writer has outrun the prepared space.
    ///
    /// # Errors
    /// As [`Ledger::append`], [`AppendError::Deadline`] after `append_deadline`, and [`AppendError::NotDurable`] when the
    /// sync that covered the record failed.
    pub async fn record(&self, payload: &[u8], now: Timestamp) -> Result<Appended, AppendError> {
        self.record_as(payload, now, Admission::Normal).await
    }

    /// As [`Ledger::record`], but may use the reserve of free space, as [`Ledger::append_from_reserve`].
    ///
    /// # Errors
    /// As [`Ledger::record`], except `NoSpace` while the reserve lasts.
    pub async fn record_from_reserve(&self, payload: &[u8], now: Timestamp) -> Result<Appended, AppendError> {
        self.record_as(payload, now, Admission::Reserve).await
    }

    /// As [`Ledger::record_from_reserve`], for a thread that may block.
    ///
    /// # Errors
    /// As [`Ledger::record_from_reserve`].
    pub fn record_blocking(&self, payload: &[u8], now: Timestamp) -> Result<Appended, AppendError> {
        let deadline = std::time::Instant::now() + self.shared.options.append_deadline;
        let appended = loop {
            let mut notified = pin!(self.shared.room.notified());
            // Listen before looking, or the space could be prepared in between unheard.
            notified.as_mut().enable();
            match self.append_as(payload, now, Admission::Reserve) {
                Err(AppendError::Busy) => {}
                other => break other?,
            }
            block_until(deadline, notified).ok_or(AppendError::Deadline)?;
        };
        if self.shared.options.durability == Durability::Disk {
            let durable = block_until(deadline, self.shared.gate.durable(appended.seq));
            durable.ok_or(AppendError::Deadline)?.map_err(|_| AppendError::NotDurable)?;
        }
        Ok(appended)
    }

    async fn record_as(
        &self,
        payload: &[u8],
        now: Timestamp,
        admission: Admission,
    ) -> Result<Appended, AppendError> {
        let appended = match self.append_as(payload, now, admission) {
            Err(AppendError::Busy) => self.append_when_room(payload, now, admission).await?,
            other => other?,
        };
        if self.shared.options.durability == Durability::Disk {
            let deadline = Instant::now() + self.shared.options.append_deadline;
            let durable = timeout_at(deadline, self.shared.gate.durable(appended.seq)).await;
            durable.map_err(|_| AppendError::Deadline)?.map_err(|_| AppendError::NotDurable)?;
        }
        Ok(appended)
    }

    /// The present state. Takes the append lock for a moment; meant for health checks and metrics.
    #[must_use]
    pub fn status(&self) -> LedgerStatus {
        let end = self.shared.end();
        let healthy = match (&end.sync_failure, &end.fill_failure) {
            _ if end.closed => Err(AppendError::Closed.to_string()),
            (Some(reason), _) => Err(reason.to_string()),
            _ if end.below_reserve => Err(AppendError::NoSpace.to_string()),
            (None, Some(failure)) => Err(failure.to_string()),
            (None, None) => Ok(()),
        };
        let (next_seq, last_hash) = (end.next_seq, end.last_hash);
        drop(end);
        LedgerStatus {
            epoch: self.shared.epoch.clone(),
            next_seq,
            last_hash,
            durable_seq: self.shared.gate.durable_until(),
            healthy,
            disk_free_bytes: self.shared.free_bytes.load(Ordering::Relaxed),
            records_total: self.shared.earlier_records + next_seq,
            durability: self.shared.options.durability,
        }
    }

    /// Directory of this process's epoch.
    #[must_use]
    pub fn epoch_directory(&self) -> &std::path::Path {
        &self.shared.directory
    }

    /// Has the next start look through this epoch for calls of which nothing says what became of them, although it is
    /// closed in order.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn leave_unreconciled(&self) -> Result<(), LedgerError> {
        leave_unreconciled(&self.shared.directory)
    }

    pub(super) fn append_as(
        &self,
        payload: &[u8],
        now: Timestamp,
        admission: Admission,
    ) -> Result<Appended, AppendError> {
        check_payload(payload).map_err(AppendError::Malformed)?;
        debug_assert!(is_members(payload), "the payload of a record is a run of JSON members");
        let landed = self.shared.end().append(payload, now, admission);
        match landed {
            Ok(landing) => {
                if landing.nudge {
                    self.shared.bell.ring();
                }
                if landing.rotated {
                    self.shared.gate.ask();
                }
                Ok(landing.appended)
            }
            Err(AppendError::Busy) => {
                self.shared.bell.ring();
                Err(AppendError::Busy)
            }
            Err(other) => Err(other),
        }
    }

    /// Retries a busy append each time space was prepared, until the deadline.
    async fn append_when_room(
        &self,
        payload: &[u8],
        now: Timestamp,
        admission: Admission,
    ) -> Result<Appended, AppendError> {
        let deadline = Instant::now() + self.shared.options.append_deadline;
        loop {
            let mut notified = std::pin::pin!(self.shared.room.notified());
            // Listen before looking, or the space could be prepared in between unheard.
            notified.as_mut().enable();
            match self.append_as(payload, now, admission) {
                Err(AppendError::Busy) => {}
                other => return other,
            }
            timeout_at(deadline, notified).await.map_err(|_| AppendError::Deadline)?;
        }
    }
}

impl Shared {
    /// The append lock. A panic elsewhere must not take the ledger with it: every change under the lock is complete
    /// before the next step that could fail, so a poisoned lock guards a sound value.
    pub(super) fn end(&self) -> MutexGuard<'_, LogEnd> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a segment that has records its final name. Both threads may ask; the first does it.
    pub(super) fn name_segment(&self, segment: &Segment) -> Result<(), LedgerError> {
        let _one_at_a_time = self.naming.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(first_seq) = segment.first_seq().filter(|_| !segment.named()) else { return Ok(()) };
        let path = self.directory.join(crate::audit::epoch::segment_name(first_seq));
        std::fs::rename(self.directory.join(crate::audit::epoch::NEXT), &path)
            .map_err(LedgerError::io("name", &path))?;
        segment.set_named();
        Ok(())
    }
}

/// Waits for what `future` comes to, on this thread; `None` when the deadline passes first.
fn block_until<T>(deadline: std::time::Instant, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return Some(value);
        }
        let left = deadline.checked_duration_since(std::time::Instant::now())?;
        std::thread::park_timeout(left);
    }
}

/// Goes on with a thread that waits.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn is_members(payload: &[u8]) -> bool {
    let object = [b"{", payload, b"}"].concat();
    serde_json::from_slice::<serde_json::Value>(&object).is_ok_and(|value| {
        ["seq", "time", "previous_hash"].iter().all(|reserved| value.get(reserved).is_none())
    })
}

/// Wakes the keeper.
#[derive(Debug, Default)]
pub(super) struct Bell {
    state: Mutex<BellState>,
    rung: Condvar,
}

#[derive(Debug, Default)]
struct BellState {
    rung: bool,
    stopping: bool,
}

impl Bell {
    pub(super) fn ring(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let already = std::mem::replace(&mut state.rung, true);
        drop(state);
        if !already {
            self.rung.notify_one();
        }
    }

    pub(super) fn stop(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).stopping = true;
        self.rung.notify_all();
    }

    /// Sleeps until rung or `patience` is over. True when stopping.
    pub(super) fn wait(&self, patience: Duration) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut state, _) = self
            .rung
            .wait_timeout_while(state, patience, |state| !state.rung && !state.stopping)
            .unwrap_or_else(PoisonError::into_inner);
        state.rung = false;
        state.stopping
    }
}
