//! Appends execution records. Nothing waits for them: the call has run, and its answer is not withheld.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::audit::{AppendError, Ledger};
use crate::facts::{Live, Who};
use crate::gateway::Clock;
use crate::model::decision::ExecutionResult;
use crate::telemetry::{Metrics, RouteCounters};

/// Most records kept for a ledger that does not take them. What is not written when the gateway stops is found by the next
/// start, which can only say that the outcome is unknown.
const MOST_LATE: usize = 4096;

/// Where execution records go.
#[derive(Debug)]
pub(in crate::gateway) struct Recorder {
    parts: RecorderParts,
    late: Mutex<Late>,
    has_late: AtomicBool,
}

/// What a recorder is made of.
#[derive(Debug)]
pub(in crate::gateway) struct RecorderParts {
    pub(in crate::gateway) ledger: Arc<Ledger>,
    pub(in crate::gateway) live: Arc<Live>,
    pub(in crate::gateway) metrics: Arc<Metrics>,
    pub(in crate::gateway) clock: Arc<dyn Clock>,
}

/// What became of a call.
#[derive(Clone, Copy, Debug)]
pub(in crate::gateway) struct Became {
    /// Whose call it was; `None` where nothing was decided of it.
    pub(in crate::gateway) who: Option<Who>,
    pub(in crate::gateway) result: ExecutionResult,
    /// The HTTP status of the tool's answer.
    pub(in crate::gateway) status: Option<u16>,
}

/// Records that were not taken when their calls ended.
#[derive(Debug, Default)]
struct Late {
    records: VecDeque<Vec<u8>>,
    /// Whether one was lost.
    lost: bool,
}

impl Recorder {
    pub(in crate::gateway) fn new(parts: RecorderParts) -> Self {
        Self { parts, late: Mutex::default(), has_late: AtomicBool::new(false) }
    }

    /// Counts and records what became of a call of a route, and remembers whether it failed.
    pub(in crate::gateway) fn record(
        &self,
        record: Vec<u8>,
        (route, counters): (&str, &RouteCounters),
        Became { who, result, status }: Became,
    ) {
        self.parts.metrics.executed(route, counters, result);
        if let (Some(who), Some(failed)) = (who, result.failed(status)) {
            self.parts.live.reported(&who, failed, self.parts.clock.now());
        }
        if self.has_late.load(Ordering::Relaxed) {
            self.write_late();
        }
        if let Err(error) = self.append(&record) {
            self.parts.metrics.execution_not_recorded();
            tracing::error!(%error, route, result = result.as_str(), "what became of a call could not be recorded yet");
            self.keep(record);
        }
    }

    /// Writes what is late, as far as the ledger takes it.
    pub(in crate::gateway) fn write_late(&self) {
        let mut late = self.late();
        while let Some(record) = late.records.front() {
            match self.append(record) {
                Ok(()) => {}
                // Never taken, however often it is tried.
                Err(AppendError::TooLarge { .. } | AppendError::Malformed(_)) => late.lost = true,
                Err(_) => return,
            }
            late.records.pop_front();
        }
        self.has_late.store(false, Ordering::Relaxed);
    }

    /// Writes what is late for the last time. What still cannot be written is left to the next start.
    pub(in crate::gateway) fn close(&self) {
        self.write_late();
        let late = self.late();
        if late.records.is_empty() && !late.lost {
            return;
        }
        if let Err(error) = self.parts.ledger.leave_unreconciled() {
            tracing::error!(%error, "the next start will not know that calls are left without an outcome");
        }
    }

    fn append(&self, record: &[u8]) -> Result<(), AppendError> {
        // The decision behind it is in the ledger, so this may use the reserve.
        self.parts.ledger.append_from_reserve(record, self.parts.clock.now()).map(drop)
    }

    fn keep(&self, record: Vec<u8>) {
        let mut late = self.late();
        if late.records.len() < MOST_LATE {
            late.records.push_back(record);
            self.has_late.store(true, Ordering::Relaxed);
        } else {
            late.lost = true;
        }
    }

    fn late(&self) -> MutexGuard<'_, Late> {
        self.late.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
