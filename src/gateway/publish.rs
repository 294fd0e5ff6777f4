//! The one writer of the snapshot: compile (files: done by the caller), ledger, store, swap. Start reading at
//! [`Publisher::publish`]; what changes by API is in `administer/`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::admin::{AdminStore, FileSet, Pins, Registry, RowChange};
use crate::audit::Ledger;
use crate::audit::record::SnapshotRecord;
use crate::decision::PolicySnapshot;
use crate::gateway::administer::Enacting;
use crate::gateway::{Clock, PublishError};
use crate::identity::Key;
use crate::model::decision::SnapshotRef;
use crate::model::handle::Handle;
use crate::model::time::Timestamp;
use crate::telemetry::Metrics;

/// Makes a snapshot once its version is known; `None` = it could not be made after all, and the caller knows why.
pub type Build<'c> = &'c mut dyn FnMut(SnapshotRef) -> Option<PolicySnapshot>;

/// A snapshot of files that is not in force yet.
pub struct Candidate<'c> {
    /// SHA-256 of what it was compiled from, in lower-case hexadecimal.
    pub hash: Arc<str>,
    /// What brought it: `start`, `file`, `signal`, `api`, `rollback`.
    pub source: &'static str,
    /// Who brought it, where somebody did.
    pub by: Option<&'c str>,
    /// The texts it was compiled from, and the governance objects in them.
    pub files: &'c FileSet,
    /// Makes the snapshot, but for what is administered.
    pub build: Build<'c>,
}

impl std::fmt::Debug for Candidate<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Candidate").field("hash", &self.hash).finish_non_exhaustive()
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

/// What a publisher works with.
#[derive(Clone, Debug)]
pub struct PublisherParts {
    /// Where every snapshot is recorded.
    pub ledger: Arc<Ledger>,
    /// Where what is administered is kept, with every snapshot.
    pub store: Arc<dyn AdminStore>,
    /// Where they are counted.
    pub metrics: Arc<Metrics>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The greatest version of a snapshot that the ledger is known to name; 0 = none. Versions go on above it.
    pub seen: u64,
    /// The keys that were issued, as the first snapshot has them.
    pub issued: Arc<[Key]>,
}

/// Puts snapshots in force, one at a time.
pub struct Publisher {
    pub(in crate::gateway) parts: PublisherParts,
    handle: Arc<Handle<PolicySnapshot>>,
    /// Held while something is put in force.
    turn: Mutex<Turn>,
    /// Apart from `turn`, so that who asks for it does not wait for a disk.
    status: Mutex<SnapshotStatus>,
}

/// What only the one who puts something in force looks at.
#[derive(Debug)]
pub(in crate::gateway) struct Turn {
    pub(in crate::gateway) registry: Registry,
    /// The hash of the files in force.
    pub(in crate::gateway) base: Arc<str>,
    pub(in crate::gateway) pins: Pins,
    /// The greatest version that any record names: never given again, also if nothing came of it.
    pub(in crate::gateway) named: u64,
    /// The version of the latest snapshot in the store; 0 = none.
    pub(in crate::gateway) kept: u64,
}

impl std::fmt::Debug for Publisher {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Publisher").field("status", &self.status()).finish_non_exhaustive()
    }
}

impl Publisher {
    /// Records `first`, together with what the store holds, and puts it in force. It keeps its version if it is what was in force
    /// last, and what the ledger last told of.
    ///
    /// # Errors
    /// The ledger or the store did not take it, or what the store holds cannot be used.
    pub fn start(first: &mut Candidate<'_>, parts: PublisherParts) -> Result<Self, PublishError> {
        let stored = parts.store.load()?;
        let (registry, restated) = Registry::restore(stored.objects).map_err(PublishError::Stored)?;
        let kept = stored.latest.as_ref().map_or(0, |latest| latest.version);
        let named = kept.max(parts.seen);
        let mut turn = Turn { registry, base: Arc::clone(&first.hash), pins: stored.pins, named, kept };
        let now = parts.clock.now();
        let mut rows = restated;
        rows.extend(turn.registry.files_changed(&first.files.objects, now));
        rows.extend(turn.registry.engine_wanted(first.files.engine.as_deref(), &rows, now));
        let same = !turn.registry.is_news(&rows) && turn.pins == first.files.pins && named == kept;
        let files = first.files;
        let mut enacting = enacting(first, rows.clone(), &parts.issued, now);
        let before = stored.latest.filter(|_| same);
        let unchanged = before.filter(|before| {
            let undo = turn.registry.apply(rows);
            let same = turn.registry.hash(&turn.base) == before.hash;
            if !same {
                turn.registry.apply(undo);
            }
            same
        });
        let snapshot = match unchanged {
            Some(before) => {
                let reference = SnapshotRef::new(before.version, before.hash);
                let administered = turn.administered(&enacting.rows, None);
                let snapshot = (enacting.build)(reference, administered).ok_or(PublishError::NotBuilt)?;
                parts.ledger.record_blocking(&(enacting.record)(&snapshot), now)?;
                snapshot
            }
            None => parts.enact(&mut turn, &mut enacting, None)?,
        };
        drop(enacting);
        turn.pins.clone_from(&files.pins);
        tell(&parts.metrics, None, &snapshot);
        let status = Mutex::new(status_of(&snapshot, now));
        let handle = Arc::new(Handle::new(Arc::new(snapshot)));
        Ok(Self { parts, handle, turn: Mutex::new(turn), status })
    }

    /// The handle requests load the snapshot from.
    #[must_use]
    pub fn handle(&self) -> Arc<Handle<PolicySnapshot>> {
        Arc::clone(&self.handle)
    }

    /// The snapshot in force.
    pub(in crate::gateway) fn in_force(&self) -> Arc<PolicySnapshot> {
        self.handle.load_full()
    }

    /// Records `candidate` and puts it in force, with what came by API; returns its reference. A candidate that makes no
    /// difference changes nothing but forgets an earlier rejection.
    ///
    /// # Errors
    /// The ledger or the store did not take it: the old snapshot stays.
    pub fn publish(&self, candidate: &mut Candidate<'_>) -> Result<SnapshotRef, PublishError> {
        let mut turn = self.turn();
        let now = self.parts.clock.now();
        let mut rows = turn.registry.files_changed(&candidate.files.objects, now);
        rows.extend(turn.registry.engine_wanted(candidate.files.engine.as_deref(), &rows, now));
        if !turn.registry.is_news(&rows) && turn.base == candidate.hash {
            if turn.pins != candidate.files.pins {
                self.parts.store.pin(&candidate.files.pins)?;
                turn.pins.clone_from(&candidate.files.pins);
            }
            let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
            status.rejected = None;
            return Ok(status.active.clone());
        }
        let (hash, files) = (Arc::clone(&candidate.hash), candidate.files);
        let before = self.in_force();
        let mut enacting = enacting(candidate, rows, before.keys.issued(), now);
        let reference = self.put_in_force(&mut turn, &mut enacting)?;
        drop(enacting);
        turn.base = hash;
        turn.pins.clone_from(&files.pins);
        Ok(reference)
    }

    /// Notes a candidate that did not compile. The snapshot in force stays.
    pub fn reject(&self, problems: String) {
        self.parts.metrics.snapshot_rejected();
        let rejection = Rejection { at: self.parts.clock.now(), problems };
        self.status.lock().unwrap_or_else(PoisonError::into_inner).rejected = Some(rejection);
    }

    /// The keys of the configuration in force.
    #[must_use]
    pub fn configured_keys(&self) -> Arc<[Key]> {
        Arc::clone(self.handle.load().keys.configured())
    }

    /// What runs and what was refused.
    #[must_use]
    pub fn status(&self) -> SnapshotStatus {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What stands in the place of files.
    #[must_use]
    pub fn pins(&self) -> Pins {
        self.turn().pins.clone()
    }

    /// What came by API and counts no more because a file has it too: a line for each.
    #[must_use]
    pub fn shadowed(&self) -> Vec<String> {
        self.turn().registry.shadowed_lines().collect()
    }

    /// Waits until nobody else puts anything in force.
    pub(in crate::gateway) fn turn(&self) -> MutexGuard<'_, Turn> {
        // What a panic interrupted was either not begun or done: rows are applied and taken back without anything that could fail.
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enacts a change and swaps its snapshot in.
    pub(in crate::gateway) fn put_in_force(
        &self,
        turn: &mut Turn,
        enacting: &mut Enacting<'_>,
    ) -> Result<SnapshotRef, PublishError> {
        let before = self.in_force();
        let mut snapshot = self.parts.enact(turn, enacting, Some(&before.reference))?;
        snapshot.succeed(&before);
        let reference = snapshot.reference.clone();
        let now_in_force = status_of(&snapshot, enacting.now);
        tell(&self.parts.metrics, Some(&before), &snapshot);
        // Before it is told: whoever reads that a version is in force finds it so.
        self.handle.store(Arc::new(snapshot));
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        // A change by API mends no file.
        let rejected = status.rejected.take().filter(|_| enacting.texts.is_none());
        *status = SnapshotStatus { rejected, ..now_in_force };
        drop(status);
        Ok(reference)
    }
}

/// Tells of a snapshot that takes the place of `before`. Which Cedar engine decides may change without anybody having chosen: what the API
/// chose lapses when the configuration says something else.
fn tell(metrics: &Metrics, before: Option<&PolicySnapshot>, snapshot: &PolicySnapshot) {
    metrics.snapshot_published(snapshot.reference.version);
    metrics.cedar().enforcing(snapshot.cedar.enforced_policies());
    let of = |snapshot: &PolicySnapshot| {
        let enforcing = snapshot.cedar.enforcing();
        enforcing.map(|enforcing| (Arc::clone(&enforcing.name), enforcing.log_only))
    };
    let (was, is) = (before.and_then(of), of(snapshot));
    if was == is {
        return;
    }
    let version = snapshot.reference.version;
    match is {
        Some((engine, false)) => {
            tracing::info!(%engine, version, "the Cedar engine decides calls from now on")
        }
        Some((engine, true)) => tracing::info!(%engine, version, "the Cedar engine is watched from now on"),
        None => tracing::info!(version, "no Cedar engine takes part in decisions from now on"),
    }
}

/// What puts a candidate in force, with the rows it changes and the keys that were issued.
pub(in crate::gateway) fn enacting<'c>(
    candidate: &'c mut Candidate<'_>,
    rows: Vec<RowChange>,
    issued: &'c Arc<[Key]>,
    now: Timestamp,
) -> Enacting<'c> {
    let Candidate { hash, source, by, files, build } = candidate;
    let (source, by) = (*source, *by);
    Enacting {
        now,
        rows,
        base: Arc::clone(hash),
        source,
        by,
        back_to: None,
        kept: None,
        texts: Some(&files.texts),
        pins: Some(&files.pins),
        key: None,
        build: Box::new(move |reference, administered| {
            let mut snapshot = build(reference)?;
            snapshot.administer(administered, Arc::clone(issued));
            Some(snapshot)
        }),
        record: Box::new(move |snapshot| record(snapshot, source, by, None)),
    }
}

/// The record of a snapshot that is put in force.
pub(in crate::gateway) fn record(
    snapshot: &PolicySnapshot,
    source: &str,
    by: Option<&str>,
    back_to: Option<u64>,
) -> Vec<u8> {
    let (rules, routes) = (snapshot.rule_count(), snapshot.routes.len());
    let objects = snapshot.governance.objects().len() + snapshot.cedar.engines().policy_count();
    SnapshotRecord { snapshot: &snapshot.reference, source, by, rules, routes, objects, back_to }.payload()
}

fn status_of(snapshot: &PolicySnapshot, since: Timestamp) -> SnapshotStatus {
    let (rules, routes) = (snapshot.rule_count(), snapshot.routes.len());
    SnapshotStatus { active: snapshot.reference.clone(), since, rules, routes, rejected: None }
}
