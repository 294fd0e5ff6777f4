//! What the handlers share.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

use crate::audit::Ledger;
use crate::audit::index::AuditIndex;
use crate::control::{CursorSeal, PolicyWriter, Replays, SnapshotRollback};
use crate::gateway::{
    ActionDesk, Administrator, AuthThrottle, Clock, DriftDesk, EvaluationDesk, HoldDesk, KeyDesk, KeyRates,
    OverrideDesk, PolicyProviders, ProposalDesk, Publisher,
};
use crate::telemetry::Metrics;

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Only holders of keys.
    Keys,
    /// Anyone on this machine (`aegis demo`).
    OpenOnLoopback,
    /// The two keys of the environment decide (`aegis serve POLICY`): `AEGIS_API_KEY` for everything but policy updates,
    /// `AEGIS_ADMIN_KEY`, or else the first, for those.
    Environment(Door),
}

/// Who may call without a key where the environment's decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Nobody: `AEGIS_API_KEY` is set.
    Locked,
    /// Anyone on this machine, for what no key is set for.
    OpenOnLoopback,
    /// Anyone who reaches the listener (`--insecure`), for what no key is set for.
    Open,
}

impl Access {
    /// Whether callers without a key are let in.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Keys | Self::Environment(Door::Locked))
    }
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
    /// Where actions of the policy server are decided and run.
    pub actions: Arc<ActionDesk>,
    /// Where proposals are decided.
    pub proposals: Arc<ProposalDesk>,
    /// Where changes are evaluated.
    pub evaluations: Arc<EvaluationDesk>,
    /// Where evaluations are overridden.
    pub overrides: Arc<OverrideDesk>,
    /// Who keeps Cedar engines and policies, and makes policies of what agents did.
    pub cedar: Arc<PolicyProviders>,
    /// Changes what is administered, and knows the snapshots that were in force. Blocks: for `spawn_blocking`.
    pub administrator: Administrator,
    /// Has drift baselines forgotten.
    pub drift: DriftDesk,
    /// Puts the content of earlier snapshots in force.
    pub rollback: Arc<dyn SnapshotRollback>,
    /// Stores policies that come over HTTP.
    pub policies: Arc<dyn PolicyWriter>,
    /// Calls that wait for people.
    pub holds: Arc<HoldDesk>,
    /// Issues keys. Blocks: for `spawn_blocking`.
    pub keys: Arc<KeyDesk>,
    /// Whose credentials failed, shared with the data plane.
    pub throttle: Arc<AuthThrottle>,
    /// How many requests each key made.
    pub rates: Arc<KeyRates>,
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
    /// Answers to requests with an idempotency key.
    pub replays: Arc<Replays>,
    /// Turns true when the gateway stops.
    pub stop: watch::Receiver<bool>,
}

/// The version that runs.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");
