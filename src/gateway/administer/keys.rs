//! Keys that are issued or changed: by the same one writer as all else that is administered.

use std::sync::Arc;

use crate::admin::IssuedKey;
use crate::audit::keys::KeyRecord;
use crate::gateway::administer::Enacting;
use crate::gateway::{PublishError, Publisher};
use crate::identity::Key;
use crate::model::decision::SnapshotRef;
use crate::model::time::Timestamp;

/// A change of a key.
#[derive(Debug)]
pub(in crate::gateway) struct KeyChange<'c> {
    /// What is done, as records call it.
    pub(in crate::gateway) kind: &'static str,
    /// The key, as it is afterwards.
    pub(in crate::gateway) key: &'c IssuedKey,
    /// All texts that are live afterwards.
    pub(in crate::gateway) issued: Arc<[Key]>,
    /// The key that does it.
    pub(in crate::gateway) by: &'c str,
}

impl Publisher {
    /// Makes a change of a key: it is recorded and kept, and in force before this returns, as a snapshot with the hash of the one
    /// before. Going back to an earlier snapshot does not undo it.
    ///
    /// # Errors
    /// It is not made, and everything is as it was. Should the store have failed after the ledger took it, the ledger says that it did
    /// not come to be (`snapshot.reverted`).
    pub(in crate::gateway) fn rekey(
        &self,
        change: &KeyChange<'_>,
        now: Timestamp,
    ) -> Result<SnapshotRef, PublishError> {
        let mut turn = self.turn();
        let before = self.in_force();
        let KeyChange { kind, key, issued, by } = change;
        let mut enacting = Enacting {
            now,
            rows: Vec::new(),
            base: Arc::clone(&turn.base),
            source: "api",
            by: Some(by),
            back_to: None,
            kept: Some(Arc::clone(&before.governance)),
            texts: None,
            pins: None,
            key: Some(key),
            build: Box::new(|reference, _unchanged| Some(before.with_keys(reference, Arc::clone(issued)))),
            record: Box::new(|snapshot| {
                KeyRecord { kind, by, key: &key.key, snapshot: &snapshot.reference }.payload()
            }),
        };
        self.put_in_force(&mut turn, &mut enacting)
    }
}
