//! Waiting for what can only be seen by looking again, and looking at a gateway as its operators do.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::Gateway;

/// Longest wait. Only what never happens ever takes it.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(2);

/// Looks again and again until there is something to see.
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(started.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(PAUSE);
    }
}

/// Seconds of load in tests under load: `LOAD_SECONDS`, else the short form.
pub fn load_time() -> Duration {
    let seconds = std::env::var("LOAD_SECONDS").ok().map_or(1.5, |seconds| seconds.parse().unwrap());
    Duration::from_secs_f64(seconds)
}

impl Gateway {
    /// What `/health` answers.
    pub fn health(&self) -> Value {
        self.control_client().get("/health").json()
    }

    /// `checks.config` of `/health`.
    pub fn config_check(&self) -> Value {
        self.health()["checks"]["config"].clone()
    }

    /// Version of the snapshot in force.
    pub fn version(&self) -> u64 {
        self.config_check()["snapshot_version"].as_u64().unwrap()
    }

    /// Waits until a snapshot of at least this version is in force.
    pub fn await_version(&self, version: u64) {
        eventually(&format!("version {version}; log: {}", self.log()), || {
            (self.version() >= version).then_some(())
        });
    }

    /// A counter or gauge without labels (or with the labels that are written), read with the admin key.
    pub fn metric(&self, name: &str) -> f64 {
        let key = self.admin_key();
        let text = self.control_client().request("GET", "/metrics", &[("X-Api-Key", &key)], b"").text();
        metric_in(&text, name)
    }
}

/// The value of a metric in the text format; 0 when it is not there.
pub fn metric_in(text: &str, name: &str) -> f64 {
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.map_or(0.0, |value| value.parse().unwrap())
}
