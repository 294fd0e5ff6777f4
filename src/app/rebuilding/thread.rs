//! Keeps the checkpoint of the live numbers up to date in a thread of its own, at no more than a tenth of a core, until the gateway
//! stops.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result};

use crate::app::indexing::{SHARE, worked};
use crate::app::rebuilding::Rebuilt;
use crate::telemetry::Metrics;

/// How soon it looks again when there was nothing to do.
const LOOK: Duration = Duration::from_secs(1);
/// How often the checkpoint is written, when there is something new: what a start may have to read again.
const SAVE: Duration = Duration::from_secs(60);
/// How long a stop waits for what is not read yet; the next start reads the rest.
const STOP: Duration = Duration::from_secs(5);

/// The thread.
#[derive(Debug)]
pub(in crate::app) struct Rebuilding {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Rebuilding {
    /// Starts it.
    pub(in crate::app) fn start(rebuilt: Rebuilt, metrics: &Arc<Metrics>) -> Result<Self> {
        let metrics = Arc::clone(metrics);
        let (stop, stopped) = channel();
        let thread = Builder::new().name("aegis-facts".to_owned());
        let thread = thread.spawn(move || Running { rebuilt, metrics, failing: false }.run(&stopped));
        Ok(Self { stop, thread: thread.context("the thread of the live numbers cannot be started")? })
    }

    /// Ends it, with a checkpoint of all that is in the ledger by now.
    pub(in crate::app) fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the thread of the live numbers ended early");
        }
    }
}

struct Running {
    rebuilt: Rebuilt,
    metrics: Arc<Metrics>,
    /// Whether the last try failed.
    failing: bool,
}

impl Running {
    fn run(mut self, stopped: &Receiver<()>) {
        let mut saved: Option<Instant> = None;
        loop {
            let began = worked();
            let idle = self.step();
            if saved.is_none_or(|saved| saved.elapsed() >= SAVE) {
                self.save();
                saved = Some(Instant::now());
            }
            let size = self.rebuilt.live.size();
            self.metrics.facts().know(size.actors, size.grants);
            let busy = worked().saturating_sub(began);
            let pause = if idle { LOOK } else { Duration::ZERO }.max(busy.saturating_mul(SHARE - 1));
            if stopped.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                break;
            }
        }
        let began = Instant::now();
        while !self.step() && began.elapsed() < STOP {}
        self.save();
    }

    /// Reads on; whether there was nothing to read, or it could not be read.
    fn step(&mut self) -> bool {
        let Rebuilt { live, fold, own } = &mut self.rebuilt;
        match fold.step(Some((live, own))) {
            Ok(step) => step.idle,
            Err(error) => {
                self.failed(&error.into());
                true
            }
        }
    }

    fn save(&mut self) {
        if !self.rebuilt.fold.is_unsaved() {
            return;
        }
        match self.rebuilt.fold.save() {
            Ok(()) => self.failing = false,
            Err(error) => self.failed(&error.into()),
        }
    }

    fn failed(&mut self, error: &Error) {
        self.metrics.facts().failed();
        if !self.failing {
            tracing::warn!(%error, "the checkpoint of the live numbers is not brought up to date for now; calls go on");
        }
        self.failing = true;
    }
}
