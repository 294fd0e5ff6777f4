//! Running until told to stop, and stopping as soon as nothing is in flight.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::app::reload::{FILE, Reloader};
use crate::app::{App, watch::Watcher};
use crate::gateway::HoldDesk;

/// How long what is cut off may take to end.
const CUT_OFF: Duration = Duration::from_secs(1);

/// How long the control listener may take to end; its servers cut off what takes longer themselves.
const CONTROL: Duration = Duration::from_secs(10);

/// How the gateway stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Whether every request in flight was finished; false when the grace period ended first.
    pub drained: bool,
}

/// Stops a gateway from within its process, as SIGTERM does from outside.
#[derive(Clone, Debug)]
pub struct StopHandle(watch::Sender<bool>);

impl StopHandle {
    /// What is in flight is finished; nothing new is taken. The first time counts.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// The signals the gateway listens to.
#[derive(Debug)]
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// Starts listening. Needs a runtime around it.
    pub(super) fn listen() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }
}

impl App {
    /// Stops it later, from another thread than the one it runs on.
    #[must_use]
    pub fn stop_handle(&self) -> StopHandle {
        StopHandle(self.stop.clone())
    }

    /// Serves until SIGTERM, SIGINT or [`StopHandle::stop`]. SIGHUP loads the configuration again.
    ///
    /// # Errors
    /// The ledger could not be closed.
    pub fn run(self) -> Result<Stopped> {
        let Self {
            ledger,
            gateway,
            clock,
            data_plane,
            data_runtime,
            control_runtime,
            state,
            stop,
            signals,
            indexing,
            rebuilding,
            ..
        } = self;
        let (end, ended) = watch::channel(false);
        let control = Self::spawn_control(&control_runtime, self.control, self.telemetry, &state, &ended);
        let Signals { terminate, interrupt, hangup } = signals;
        let stopped = stop.subscribe();
        control_runtime.spawn(stop_on_signal(terminate, interrupt, stop));
        control_runtime.spawn(reload_on_change(self.reloader, self.watcher, hangup, stopped.clone()));
        let snapshot = state.publisher.handle();
        let keep = move || snapshot.load().holds.keep;
        control_runtime.spawn(Arc::clone(gateway.holds()).tend(keep, stopped.clone()));
        control_runtime.spawn(end_waits(Arc::clone(gateway.holds()), stopped.clone()));
        let drained = match data_plane {
            Some(data_plane) => data_runtime.block_on(data_plane.serve(stopped)),
            None => data_runtime.block_on(stopping(stopped)),
        };
        if !drained {
            tracing::warn!("the grace period ended with requests in flight; they were cut off");
        }
        // What was cut off leaves its records on its way out, so that is waited for.
        data_runtime.shutdown_timeout(CUT_OFF);
        // People decided, and probes were answered, as long as calls were under way; what they have begun is finished.
        end.send_replace(true);
        let finished = async {
            for server in control {
                let _ended = server.await;
            }
        };
        if control_runtime.block_on(async { timeout(CONTROL, finished).await }).is_err() {
            tracing::warn!("requests on the control listener were cut off");
        }
        // Actions that are cut off leave their records on their way out, too.
        control_runtime.shutdown_timeout(CUT_OFF);
        indexing.stop();
        gateway.close();
        let closed = ledger.close(clock.now());
        // When all records are in the ledger, so that the next start has none to read.
        rebuilding.stop();
        closed?;
        Ok(Stopped { drained })
    }
}

/// Waits for the stop of a gateway without a data plane, which has nothing to drain.
async fn stopping(mut stopped: watch::Receiver<bool>) -> bool {
    let _stopping = stopped.wait_for(|stop| *stop).await;
    true
}

/// Requests that wait for people are told at once that the gateway stops; their holds stay.
async fn end_waits(holds: Arc<HoldDesk>, mut stopped: watch::Receiver<bool>) {
    let _stopping = stopped.wait_for(|stop| *stop).await;
    holds.stop_waiting();
}

async fn stop_on_signal(mut terminate: Signal, mut interrupt: Signal, stop: watch::Sender<bool>) {
    tokio::select! {
        _ = terminate.recv() => tracing::info!("SIGTERM: finishing what is in flight"),
        _ = interrupt.recv() => tracing::info!("SIGINT: finishing what is in flight"),
    }
    stop.send_replace(true);
}

async fn reload_on_change(
    reloader: Arc<Reloader>,
    mut watcher: Option<Watcher>,
    mut hangup: Signal,
    mut stopped: watch::Receiver<bool>,
) {
    loop {
        let changed = async {
            match &mut watcher {
                Some(watcher) => watcher.changed().await,
                None => std::future::pending().await,
            }
        };
        let mut cause = tokio::select! {
            // Nothing is put in force any more.
            _stopping = stopped.wait_for(|stop| *stop) => return,
            changed = changed => match changed {
                Some(()) => FILE,
                None => return,
            },
            hungup = hangup.recv() => match hungup {
                Some(()) => "signal",
                None => return,
            },
        };
        loop {
            let running = Arc::clone(&reloader);
            // Loading reads files, so it does not run on the runtime's own thread.
            let loaded = tokio::task::spawn_blocking(move || running.run(cause)).await;
            let Some(watcher) = &mut watcher else { break };
            if !watcher.follow(loaded.ok().flatten().as_deref()) {
                break;
            }
            cause = FILE;
        }
    }
}
