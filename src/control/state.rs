//! What the handlers share.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

use crate::audit::Ledger;
use crate::audit::index::AuditIndex;
use crate::control::CursorSeal;
use crate::gateway::{Clock, HoldDesk, Publisher};
use crate::telemetry::Metrics;

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Only holders of keys.
    Keys,
    /// Anyone on this machine (`aegis demo`).
    OpenOnLoopback,
}

/// State of the control listener.
#[derive(Clone, Debug)]
pub struct ControlState {
    /// The snapshot in force and the last one refused. The keys are in the snapshot.
    pub publisher: Arc<Publisher>,
    /// The ledger, for its health.
    pub ledger: Arc<Ledger>,
    /// Finds what is in the ledger. Blocks: for `spawn_blocking`.
    pub index: Arc<AuditIndex>,
    /// Calls that wait for people.
    pub holds: Arc<HoldDesk>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// `stage` of the configuration.
    pub stage: &'static str,
    /// Who may call.
    pub access: Access,
    /// When the gateway started.
    pub started: Instant,
    /// Makes the cursors of lists.
    pub cursors: CursorSeal,
    /// Turns true when the gateway stops.
    pub stop: watch::Receiver<bool>,
}

/// The version that runs.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");
