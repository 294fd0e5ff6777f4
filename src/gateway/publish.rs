//! The one writer of the snapshot: compile (done by the caller), ledger, swap.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::admin::KeyStoreError;
use crate::audit::Ledger;
use crate::audit::keys::UndoneRecord;
use crate::audit::record::SnapshotRecord;
use crate::decision::PolicySnapshot;
use crate::gateway::{Clock, PublishError};
use crate::identity::Key;
use crate::model::decision::SnapshotRef;
use crate::model::handle::Handle;
use crate::model::time::Timestamp;
use crate::telemetry::Metrics;

/// Makes a snapshot once its version is known; `None` = it could not be made after all, and the caller knows why.
pub type Build<'c> = &'c mut dyn FnMut(SnapshotRef) -> Option<PolicySnapshot>;

/// A snapshot that is not in force yet.
pub struct Candidate<'c> {
    /// SHA-256 of what it was compiled from, in lower-case hexadecimal.
    pub hash: Arc<str>,
    /// What brought it: `start`, `file`, `signal`, `api`.
    pub source: &'static str,
    /// Who brought it, where somebody did.
    pub by: Option<&'c str>,
    /// Makes the snapshot.
    pub build: Build<'c>,
}

impl std::fmt::Debug for Candidate<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Candidate").field("hash", &self.hash).finish_non_exhaustive()
    }
}

/// A change of the keys issued by API.
pub struct KeyChange<'c> {
    /// All that are live afterwards.
    pub issued: Arc<[Key]>,
    /// Makes its record, which names the snapshot that has it.
    pub record: &'c dyn Fn(&SnapshotRef) -> Vec<u8>,
    /// Keeps it beyond this process.
    pub keep: &'c dyn Fn() -> Result<(), KeyStoreError>,
}

impl std::fmt::Debug for KeyChange<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("KeyChange").field("issued", &self.issued.len()).finish_non_exhaustive()
    }
}

/// What operators see of the snapshot: what runs, and what was refused last.
#[derive(Clone, Debug)]
pub struct SnapshotStatus {
    /// The snapshot in force.
    pub active: SnapshotRef,
    /// Since when.
    pub since: Timestamp,
    /// How many rules it has.
    pub rules: usize,
    /// How many routes it has.
    pub routes: usize,
    /// Why the latest candidate was refused, if it was; gone once a candidate is accepted.
    pub rejected: Option<Rejection>,
}

/// A refused candidate.
#[derive(Clone, Debug)]
pub struct Rejection {
    /// When.
    pub at: Timestamp,
    /// Every problem, one a line.
    pub problems: String,
}

/// Puts snapshots in force.
pub struct Publisher {
    handle: Arc<Handle<PolicySnapshot>>,
    ledger: Arc<Ledger>,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
    /// The greatest version that a record names, changed by whoever has `status`: never given again, also if nothing came of it.
    named: AtomicU64,
    status: Mutex<SnapshotStatus>,
}

impl std::fmt::Debug for Publisher {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Publisher").field("status", &self.status()).finish_non_exhaustive()
    }
}

impl Publisher {
    /// Records `first` and puts it in force.
    ///
    /// # Errors
    /// The ledger did not take the record.
    pub fn start(
        first: &mut Candidate<'_>,
        ledger: Arc<Ledger>,
        metrics: Arc<Metrics>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, PublishError> {
        let reference = SnapshotRef::new(1, Arc::clone(&first.hash));
        let snapshot = (first.build)(reference).ok_or(PublishError::NotBuilt)?;
        let now = clock.now();
        let status = record(&snapshot, (first.source, first.by), &ledger, now)?;
        metrics.snapshot_published(1);
        let handle = Arc::new(Handle::new(Arc::new(snapshot)));
        Ok(Self { handle, ledger, metrics, clock, named: AtomicU64::new(1), status: Mutex::new(status) })
    }

    /// The handle requests load the snapshot from.
    #[must_use]
    pub fn handle(&self) -> Arc<Handle<PolicySnapshot>> {
        Arc::clone(&self.handle)
    }

    /// Records `candidate` and puts it in force; returns its reference. A candidate with the hash of the snapshot in force
    /// changes nothing but forgets an earlier rejection.
    ///
    /// # Errors
    /// The ledger did not take the record: the old snapshot stays.
    pub fn publish(&self, candidate: &mut Candidate<'_>) -> Result<SnapshotRef, PublishError> {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        if status.active.hash == candidate.hash {
            status.rejected = None;
            return Ok(status.active.clone());
        }
        let reference = SnapshotRef::new(self.named() + 1, Arc::clone(&candidate.hash));
        let mut snapshot = (candidate.build)(reference.clone()).ok_or(PublishError::NotBuilt)?;
        snapshot.succeed(&self.handle.load());
        // INVARIANT: the ledger first. A decision may name a snapshot only if the log says where it came from.
        *status = record(&snapshot, (candidate.source, candidate.by), &self.ledger, self.clock.now())?;
        self.named.store(reference.version, Ordering::Relaxed);
        self.handle.store(Arc::new(snapshot));
        self.metrics.snapshot_published(reference.version);
        Ok(reference)
    }

    /// Puts the snapshot in force once more with other keys issued by API: `change` is recorded and kept, and in force before this
    /// returns. Its hash stays, since that is of the files.
    ///
    /// # Errors
    /// The ledger did not take the record, or the change was not kept, which the ledger is then told too: the old snapshot stays.
    pub fn rekey(&self, change: &KeyChange<'_>) -> Result<SnapshotRef, PublishError> {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        let reference = SnapshotRef::new(self.named() + 1, Arc::clone(&status.active.hash));
        let now = self.clock.now();
        self.ledger.append_from_reserve(&(change.record)(&reference), now)?;
        self.named.store(reference.version, Ordering::Relaxed);
        if let Err(error) = (change.keep)() {
            let undone = UndoneRecord { undone: &reference, snapshot: &status.active, why: "store" };
            if let Err(error) = self.ledger.append_from_reserve(&undone.payload(), now) {
                tracing::error!(%error, version = reference.version, "the ledger names a snapshot that was not put in force");
            }
            return Err(error.into());
        }
        let snapshot = self.handle.load().with_keys(reference.clone(), Arc::clone(&change.issued));
        self.handle.store(Arc::new(snapshot));
        status.active = reference.clone();
        status.since = now;
        self.metrics.snapshot_published(reference.version);
        Ok(reference)
    }

    /// Notes a candidate that did not compile. The snapshot in force stays.
    pub fn reject(&self, problems: String) {
        self.metrics.snapshot_rejected();
        let rejection = Rejection { at: self.clock.now(), problems };
        self.status.lock().unwrap_or_else(PoisonError::into_inner).rejected = Some(rejection);
    }

    /// The keys of the configuration in force.
    #[must_use]
    pub fn configured_keys(&self) -> Arc<[Key]> {
        Arc::clone(self.handle.load().keys.configured())
    }

    fn named(&self) -> u64 {
        self.named.load(Ordering::Relaxed)
    }

    /// What runs and what was refused.
    #[must_use]
    pub fn status(&self) -> SnapshotStatus {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn record(
    snapshot: &PolicySnapshot,
    (source, by): (&'static str, Option<&str>),
    ledger: &Ledger,
    now: Timestamp,
) -> Result<SnapshotStatus, PublishError> {
    let (rules, routes) = (snapshot.rule_count(), snapshot.routes.len());
    let record = SnapshotRecord { snapshot: &snapshot.reference, source, by, rules, routes };
    // Operators must be able to change the policy while the disk is nearly full, so this may use the reserve.
    ledger.append_from_reserve(&record.payload(), now)?;
    Ok(SnapshotStatus { active: snapshot.reference.clone(), since: now, rules, routes, rejected: None })
}
