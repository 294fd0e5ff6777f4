//! From rows to a snapshot: hash and compile, ledger, store.

use std::sync::Arc;

use crate::admin::{IssuedKey, Pins, RowChange, SnapshotRow, Step, Text};
use crate::audit::AppendError;
use crate::audit::record::RevertRecord;
use crate::decision::{Administered, PolicySnapshot};
use crate::gateway::PublishError;
use crate::gateway::publish::{PublisherParts, Turn};
use crate::model::decision::SnapshotRef;
use crate::model::time::Timestamp;
use crate::policy::governance::Governance;

/// A change on its way to being in force.
pub(in crate::gateway) struct Enacting<'e> {
    /// When.
    pub(in crate::gateway) now: Timestamp,
    /// What changes.
    pub(in crate::gateway) rows: Vec<RowChange>,
    /// The hash of the files.
    pub(in crate::gateway) base: Arc<str>,
    pub(in crate::gateway) source: &'static str,
    pub(in crate::gateway) by: Option<&'e str>,
    pub(in crate::gateway) back_to: Option<u64>,
    /// The governance objects in force, to go on with where none of them changes; `None`: they are compiled anew.
    pub(in crate::gateway) kept: Option<Arc<Governance>>,
    /// As in [`Step`].
    pub(in crate::gateway) texts: Option<&'e [Text]>,
    /// As in [`Step`].
    pub(in crate::gateway) pins: Option<&'e Pins>,
    /// As in [`Step`].
    pub(in crate::gateway) key: Option<&'e IssuedKey>,
    /// Makes the snapshot.
    pub(in crate::gateway) build: BuildWhole<'e>,
    /// Makes its record.
    pub(in crate::gateway) record: RecordOf<'e>,
}

/// Makes a snapshot with what is administered.
pub(in crate::gateway) type BuildWhole<'e> =
    Box<dyn FnMut(SnapshotRef, Administered) -> Option<PolicySnapshot> + 'e>;

/// Makes the record of a snapshot.
pub(in crate::gateway) type RecordOf<'e> = Box<dyn Fn(&PolicySnapshot) -> Vec<u8> + 'e>;

impl Turn {
    /// What is administered, compiled. `kept`: the governance objects in force, where `rows` change none of them.
    pub(in crate::gateway) fn administered(
        &self,
        rows: &[RowChange],
        kept: Option<&Arc<Governance>>,
    ) -> Administered {
        let only_cedar = rows.iter().all(|change| change.key.kind.is_cedar());
        let governance = match kept.filter(|_| only_cedar) {
            Some(kept) => Arc::clone(kept),
            None => Arc::new(Governance::compile(self.registry.objects())),
        };
        Administered { governance, cedar: self.registry.cedar().clone() }
    }
}

impl PublisherParts {
    /// Records and keeps a change, and returns the snapshot that has it. `in_force` is the one before.
    ///
    /// INVARIANT: on every error the registry is as it was, and the store holds what it did. What the ledger said of it is taken back
    /// by another record.
    pub(in crate::gateway) fn enact(
        &self,
        turn: &mut Turn,
        enacting: &mut Enacting<'_>,
        in_force: Option<&SnapshotRef>,
    ) -> Result<PolicySnapshot, PublishError> {
        let undo = turn.registry.apply(enacting.rows.clone());
        let enacted = self.enact_applied(turn, enacting, in_force);
        if enacted.is_err() {
            turn.registry.apply(undo);
        }
        enacted
    }

    fn enact_applied(
        &self,
        turn: &mut Turn,
        enacting: &mut Enacting<'_>,
        in_force: Option<&SnapshotRef>,
    ) -> Result<PolicySnapshot, PublishError> {
        let reference = SnapshotRef::new(turn.named + 1, turn.registry.hash(&enacting.base));
        let administered = turn.administered(&enacting.rows, enacting.kept.as_ref());
        let snapshot = (enacting.build)(reference.clone(), administered).ok_or(PublishError::NotBuilt)?;
        let now = enacting.now;
        // INVARIANT: the ledger first. A decision may name a snapshot only if the log says where it came from.
        // Operators must be able to change the policy while the disk is nearly full, so this may use the reserve.
        if let Err(error) = self.ledger.record_blocking(&(enacting.record)(&snapshot), now) {
            if matches!(error, AppendError::Deadline | AppendError::NotDurable) {
                // The record may be there all the same.
                self.revert(turn, &reference, in_force, "ledger");
            }
            return Err(error.into());
        }
        let row = SnapshotRow {
            version: reference.version,
            hash: Arc::clone(&reference.hash),
            source: enacting.source.into(),
            by: enacting.by.map(Arc::from),
            created_at: now,
            back_to: enacting.back_to,
        };
        let step = Step {
            after: turn.kept,
            snapshot: &row,
            texts: enacting.texts,
            rows: &enacting.rows,
            pins: enacting.pins,
            key: enacting.key,
        };
        if let Err(error) = self.store.commit(step) {
            // It can have been kept although the answer was an error.
            if !self.store.latest().is_ok_and(|latest| latest == reference.version) {
                self.revert(turn, &reference, in_force, "store");
                return Err(error.into());
            }
        }
        turn.named = reference.version;
        turn.kept = reference.version;
        Ok(snapshot)
    }

    /// Has the ledger say that a snapshot that it named did not come to be. Its version is not given again.
    fn revert(
        &self,
        turn: &mut Turn,
        undone: &SnapshotRef,
        in_force: Option<&SnapshotRef>,
        why: &'static str,
    ) {
        turn.named = undone.version;
        let record = RevertRecord { undone, snapshot: in_force, why };
        if let Err(error) = self.ledger.append_from_reserve(&record.payload(), self.clock.now()) {
            // The next start tells what is in force.
            tracing::error!(%error, version = undone.version, "the ledger names a snapshot that was not put in force");
        }
    }
}
