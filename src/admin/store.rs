//! Where what is administered is kept. `store/` implements it.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use crate::admin::{AdminStoreError, Digest, IssuedKey, Origin, Pins, RowChange, Text};
use crate::model::time::Timestamp;
use crate::policy::governance::{ObjectKey, Stamp};

/// A snapshot that was put in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotRow {
    /// Its version.
    pub version: u64,
    /// Its hash.
    pub hash: Arc<str>,
    /// What brought it: `start`, `file`, `signal`, `api`, `rollback`.
    pub source: Arc<str>,
    /// The key that brought it, where one did.
    pub by: Option<Arc<str>>,
    /// When.
    pub created_at: Timestamp,
    /// The version whose content came back with it, where one did.
    pub back_to: Option<u64>,
}

/// An object as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredObject {
    /// Which source says it.
    pub origin: Origin,
    /// Its key.
    pub key: ObjectKey,
    /// Its history; of a revocation that of the grant.
    pub stamp: Stamp,
    /// [`Digest::of_object`] of what was written of it.
    pub digest: Digest,
    /// What was written of it, as JSON; for a revocation of the grant, as the file had it.
    pub written: String,
}

/// Everything a start needs.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// What each source says now.
    pub objects: Vec<StoredObject>,
    /// What stands in the place of files.
    pub pins: Pins,
    /// The snapshot that was put in force last.
    pub latest: Option<SnapshotRow>,
}

/// What a snapshot was made of.
#[derive(Clone, Debug)]
pub struct SnapshotContent {
    /// The snapshot.
    pub row: SnapshotRow,
    /// The texts of its files.
    pub texts: Vec<Text>,
    /// What each source said then.
    pub objects: Vec<StoredObject>,
}

/// What is kept in one step with a new snapshot.
#[derive(Clone, Copy, Debug)]
pub struct Step<'s> {
    /// The version of the latest snapshot as far as the writer knows; 0 = none. The step is taken only if it is.
    pub after: u64,
    /// The new snapshot.
    pub snapshot: &'s SnapshotRow,
    /// The texts of its files; `None` = those of the one before.
    pub texts: Option<&'s [Text]>,
    /// What changes.
    pub rows: &'s [RowChange],
    /// What stands in the place of files from now on; `None` = what does already.
    pub pins: Option<&'s Pins>,
    /// A key that was issued, or changed: it takes the place of the one with its id.
    pub key: Option<&'s IssuedKey>,
}

/// Keeps what is administered, with its history. Every call blocks; what it did is durable when it returns.
pub trait AdminStore: Debug + Send + Sync {
    /// Everything as it stands.
    ///
    /// # Errors
    /// The store failed.
    fn load(&self) -> Result<Stored, AdminStoreError>;

    /// What stands in the place of files.
    ///
    /// # Errors
    /// The store failed.
    fn pins(&self) -> Result<Pins, AdminStoreError>;

    /// Every key that was issued, revoked ones too.
    ///
    /// # Errors
    /// The store failed, or one of them cannot be read: without it a key that was revoked could be let in.
    fn keys(&self) -> Result<Vec<IssuedKey>, AdminStoreError>;

    /// Takes a step, whole or not at all.
    ///
    /// # Errors
    /// The store failed, or another process has taken a step meanwhile.
    fn commit(&self, step: Step<'_>) -> Result<(), AdminStoreError>;

    /// Sets what stands in the place of files, without a new snapshot.
    ///
    /// # Errors
    /// The store failed.
    fn pin(&self, pins: &Pins) -> Result<(), AdminStoreError>;

    /// The version of the latest snapshot; 0 = there is none.
    ///
    /// # Errors
    /// The store failed.
    fn latest(&self) -> Result<u64, AdminStoreError>;

    /// Snapshots, newest first, before version `before` where one is given; at most `limit`.
    ///
    /// # Errors
    /// The store failed.
    fn snapshots(&self, before: Option<u64>, limit: usize) -> Result<Vec<SnapshotRow>, AdminStoreError>;

    /// What the snapshot of a version was made of; `None`: there is none of that version.
    ///
    /// # Errors
    /// The store failed.
    fn content(&self, version: u64) -> Result<Option<SnapshotContent>, AdminStoreError>;
}

impl SnapshotContent {
    /// The objects that held.
    #[must_use]
    pub fn holding(&self) -> Vec<&StoredObject> {
        let mut by_key: BTreeMap<&ObjectKey, [Option<&StoredObject>; 3]> = BTreeMap::new();
        for object in &self.objects {
            let [api, file, revoked] = by_key.entry(&object.key).or_default();
            *match object.origin {
                Origin::Api => api,
                Origin::File => file,
                Origin::Revoked => revoked,
            } = Some(object);
        }
        let held = by_key.into_values().filter_map(|[api, file, revoked]| match file {
            Some(file) => Some(file).filter(|_| revoked.is_none_or(|revoked| revoked.digest != file.digest)),
            None => api,
        });
        held.collect()
    }
}
