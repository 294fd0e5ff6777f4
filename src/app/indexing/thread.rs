//! Fills the index of the ledger in a thread of its own, at no more than a tenth of a core, until the gateway stops.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::time::{ClockId, clock_gettime};

use crate::audit::index::{AuditIndex, IndexError, Indexer, Step};
use crate::telemetry::Metrics;

/// After so much work a thread that follows the ledger sleeps nine times as long.
pub(in crate::app) const SHARE: u32 = 10;
/// How soon it looks again when there was nothing to do. Nobody waits for it: queries read what is not indexed yet.
const LOOK: Duration = Duration::from_millis(500);
/// How soon it tries again after a failure, at first and at most.
const RETRY: Duration = Duration::from_secs(1);
const RETRY_MOST: Duration = Duration::from_secs(60);

/// The thread.
#[derive(Debug)]
pub(in crate::app) struct Indexing {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Indexing {
    /// Starts it.
    pub(in crate::app) fn start(index: &Arc<AuditIndex>, metrics: &Arc<Metrics>) -> Result<Self> {
        let (index, metrics) = (Arc::clone(index), Arc::clone(metrics));
        let (stop, stopped) = channel();
        let thread = Builder::new().name("aegis-index".to_owned());
        let thread = thread.spawn(move || run(index, &metrics, &stopped));
        Ok(Self { stop, thread: thread.context("the thread of the index cannot be started")? })
    }

    /// Ends it, and waits for the batch it may be at.
    pub(in crate::app) fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the thread of the ledger's index ended early");
        }
    }
}

fn run(index: Arc<AuditIndex>, metrics: &Metrics, stopped: &Receiver<()>) {
    let mut indexer = Indexer::new(index);
    let mut failed: Option<(IndexError, Duration)> = None;
    loop {
        let began = worked();
        let step = indexer.step();
        let busy = worked().saturating_sub(began);
        let rest = match step {
            Ok(step) => {
                tell(metrics, step, failed.take().is_some());
                if step.idle { LOOK } else { Duration::ZERO }
            }
            Err(error) => {
                metrics.index().failed();
                let retry = failed.as_ref().map_or(RETRY, |(_, retry)| (*retry * 2).min(RETRY_MOST));
                if failed.as_ref().is_none_or(|(before, _)| *before != error) {
                    tracing::warn!(%error, "the index is not added to for now; calls go on");
                }
                failed = Some((error, retry));
                retry
            }
        };
        let pause = rest.max(busy.saturating_mul(SHARE - 1));
        if stopped.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
            return;
        }
    }
}

fn tell(metrics: &Metrics, step: Step, failed_before: bool) {
    if step.emptied {
        metrics.index().failed();
        tracing::warn!("the index of the ledger was emptied and is made again from the ledger");
    }
    if failed_before {
        tracing::info!("the index of the ledger is added to again");
    }
}

/// What this thread has used of the processor.
pub(in crate::app) fn worked() -> Duration {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    let (seconds, nanos) = (u64::try_from(used.tv_sec), u32::try_from(used.tv_nsec));
    Duration::new(seconds.unwrap_or(0), nanos.unwrap_or(0))
}
