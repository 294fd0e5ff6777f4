//! Running until told to stop, and stopping as soon as nothing is in flight.

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::reload::Reloader;
use crate::app::{App, watch::Watcher};

/// How the gateway stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Whether every request in flight was finished; false when the grace period ended first.
    pub drained: bool,
}

impl App {
    /// Serves until SIGTERM or SIGINT. SIGHUP loads the configuration again.
    ///
    /// # Errors
    /// Signals cannot be listened for, or the ledger could not be closed.
    pub fn run(self) -> Result<Stopped> {
        let Self { ledger, clock, reloader, data_plane, data_runtime, control_runtime, control, telemetry, state, stop, watcher, .. } =
            self;
        Self::spawn_control(&control_runtime, control, telemetry, &state);
        let stopped = stop.subscribe();
        control_runtime.block_on(async {
            let terminate = signal(SignalKind::terminate())?;
            let interrupt = signal(SignalKind::interrupt())?;
            let hangup = signal(SignalKind::hangup())?;
            tokio::spawn(reload_on_change(std::sync::Arc::clone(&reloader), watcher));
            tokio::spawn(reload_on_signal(reloader, hangup));
            tokio::spawn(async move {
                let (mut terminate, mut interrupt) = (terminate, interrupt);
                tokio::select! {
                    _ = terminate.recv() => tracing::info!("SIGTERM: finishing what is in flight"),
                    _ = interrupt.recv() => tracing::info!("SIGINT: finishing what is in flight"),
                }
                stop.send_replace(true);
            });
            anyhow::Ok(())
        })?;
        let drained = data_runtime.block_on(data_plane.serve(stopped));
        if !drained {
            tracing::warn!("the grace period ended with requests in flight; they were cut off");
        }
        data_runtime.shutdown_background();
        control_runtime.shutdown_background();
        ledger.close(clock.now())?;
        Ok(Stopped { drained })
    }
}

async fn reload_on_change(reloader: std::sync::Arc<Reloader>, watcher: Option<Watcher>) {
    let Some(mut watcher) = watcher else { return };
    while watcher.changed().await.is_some() {
        reload(&reloader, "file").await;
    }
}

async fn reload_on_signal(reloader: std::sync::Arc<Reloader>, mut hangup: tokio::signal::unix::Signal) {
    while hangup.recv().await.is_some() {
        reload(&reloader, "signal").await;
    }
}

/// Reads files, so not on the runtime's own thread.
async fn reload(reloader: &std::sync::Arc<Reloader>, cause: &'static str) {
    let reloader = std::sync::Arc::clone(reloader);
    let _panicked = tokio::task::spawn_blocking(move || reloader.run(cause)).await;
}
