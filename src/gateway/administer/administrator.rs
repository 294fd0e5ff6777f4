//! [`Administrator`]: changes by API, and what was in force before.

use std::sync::Arc;

use crate::admin::{AdminStoreError, Asked, By, Change, Refused, Row, SnapshotContent, SnapshotRow};
use crate::gateway::administer::{Enacting, records};
use crate::gateway::publish::{enacting, record};
use crate::gateway::{AdminError, Candidate, Publisher};
use crate::model::decision::SnapshotRef;
use crate::model::time::Timestamp;
use crate::policy::engines::CedarEngines;
use crate::policy::governance::{Governance, Object, ObjectKey};

/// Where operators change what is administered. Every call that changes something blocks: for `spawn_blocking`.
#[derive(Clone, Debug)]
pub struct Administrator {
    publisher: Arc<Publisher>,
}

/// A change that is in force.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The object that was made or replaced, or taken away; `None`: there was none to take away.
    pub object: Option<Arc<Object>>,
    /// Whether the object was not there before.
    pub created: bool,
    /// The Cedar policies that were made, replaced or taken away, in the order asked for.
    pub policies: Vec<Arc<Object>>,
    /// The snapshot that has it.
    pub snapshot: SnapshotRef,
}

impl Administrator {
    /// What changes by API goes through `publisher`.
    #[must_use]
    pub const fn new(publisher: Arc<Publisher>) -> Self {
        Self { publisher }
    }

    /// Cedar's engines in force.
    #[must_use]
    pub fn engines(&self) -> CedarEngines {
        self.publisher.in_force().cedar.engines().clone()
    }

    /// What is in force.
    #[must_use]
    pub fn objects(&self) -> Arc<Governance> {
        Arc::clone(&self.publisher.in_force().governance)
    }

    /// Makes a change: it is checked, recorded and kept, and in force before this returns.
    ///
    /// # Errors
    /// It is not made, and everything is as it was. Should the store have failed after the ledger took the change, the ledger says
    /// that it did not come to be (`snapshot.reverted`).
    pub fn apply(&self, change: Change, by: &By, now: Timestamp) -> Result<Applied, AdminError> {
        let mut turn = self.publisher.turn();
        let clock = &self.publisher.parts.clock;
        let mut id = |prefix| Arc::from(clock.id(prefix, now).to_string());
        let planned = turn.registry.plan(change, Asked { by, now, id: &mut id })?;
        let before = self.publisher.in_force();
        if planned.rows.is_empty() {
            let (created, snapshot) = (planned.created, before.reference.clone());
            return Ok(Applied { object: None, created, policies: Vec::new(), snapshot });
        }
        let mut enacting = Enacting {
            now,
            rows: planned.rows.clone(),
            base: Arc::clone(&turn.base),
            source: "api",
            by: Some(&by.key),
            back_to: None,
            kept: Some(Arc::clone(&before.governance)),
            texts: None,
            pins: None,
            key: None,
            build: Box::new(|reference, administered| {
                Some(before.with_administered(reference, administered))
            }),
            record: Box::new(|snapshot| records::payload(&planned, by, &snapshot.reference)),
        };
        let snapshot = self.publisher.put_in_force(&mut turn, &mut enacting)?;
        drop(enacting);
        Ok(Applied { object: planned.object, created: planned.created, policies: planned.policies, snapshot })
    }

    /// Puts in force what `content` has of rules, policies and capabilities, as a new snapshot. `candidate` was compiled from its texts,
    /// which its pins have stand in the place of the files. Grants, statuses of actors and kill switches stay as they are.
    ///
    /// # Errors
    /// It is not: everything is as it was.
    pub fn roll_back(
        &self,
        content: SnapshotContent,
        candidate: &mut Candidate<'_>,
    ) -> Result<SnapshotRef, AdminError> {
        let mut turn = self.publisher.turn();
        let version = content.row.version;
        let now = (self.publisher.parts.clock.now(), turn.named);
        let rows = turn.registry.back_to(content.objects, &candidate.files.objects, now);
        let mut rows = rows.map_err(AdminError::Bad)?;
        // The engine that the configuration names was perhaps not there then. It stays.
        if let Some(engine) = candidate.files.engine.as_deref().map(ObjectKey::cedar_engine) {
            rows.retain(|change| change.key != engine || !matches!(change.row, Row::Api(None)));
        }
        let wanted = turn.registry.engine_wanted(candidate.files.engine.as_deref(), &rows, now.0);
        rows.extend(wanted);
        let stopping = turn.registry.stopping();
        let undo = turn.registry.apply(rows.clone());
        let stopped = turn.registry.stops_all(&stopping);
        turn.registry.apply(undo);
        stopped?;
        let (hash, pins) = (Arc::clone(&candidate.hash), candidate.files.pins.clone());
        let (source, by) = (candidate.source, candidate.by);
        let before = self.publisher.in_force();
        let mut enacting = enacting(candidate, rows, before.keys.issued(), now.0);
        enacting.back_to = Some(version);
        enacting.record = Box::new(move |snapshot| record(snapshot, source, by, Some(version)));
        let reference = self.publisher.put_in_force(&mut turn, &mut enacting)?;
        drop(enacting);
        turn.base = hash;
        turn.pins = pins;
        Ok(reference)
    }

    /// Snapshots that were in force, newest first, before version `before` where one is given; at most `limit`.
    ///
    /// # Errors
    /// The store failed.
    pub fn snapshots(&self, before: Option<u64>, limit: usize) -> Result<Vec<SnapshotRow>, AdminStoreError> {
        self.publisher.parts.store.snapshots(before, limit)
    }

    /// What the snapshot of a version was made of.
    ///
    /// # Errors
    /// There is none of that version, or the store failed.
    pub fn snapshot(&self, version: u64) -> Result<SnapshotContent, AdminError> {
        let content = self.publisher.parts.store.content(version);
        let content = content.map_err(|error| AdminError::Failed(error.into()))?;
        content.ok_or(AdminError::Refused(Refused::NoSnapshot))
    }
}
