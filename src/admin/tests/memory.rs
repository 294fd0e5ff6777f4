//! What is administered, kept in memory: the plainest store there is, which fails when told to.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::admin::{
    AdminStore, AdminStoreError, Entry, IssuedKey, Origin, Pins, Row, RowChange, SnapshotContent,
    SnapshotRow, Step, Stored, StoredObject, Text,
};
use crate::policy::governance::ObjectKey;

/// A store that is gone with the process.
#[derive(Debug, Default)]
pub(crate) struct MemoryAdminStore {
    kept: Mutex<Kept>,
    faults: Mutex<Faults>,
}

#[derive(Debug, Default)]
struct Kept {
    rows: BTreeMap<(Origin, ObjectKey), StoredObject>,
    pins: Pins,
    keys: BTreeMap<String, IssuedKey>,
    /// Each snapshot with all that it was made of.
    snapshots: Vec<SnapshotContent>,
}

/// What is to go wrong.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    /// Steps are not taken.
    pub(crate) commit: bool,
    /// Steps are taken and said to have failed.
    pub(crate) silent: bool,
    /// Nothing can be read.
    pub(crate) read: bool,
    /// Nothing can be pinned.
    pub(crate) pin: bool,
}

impl MemoryAdminStore {
    /// What goes wrong from now on.
    pub(crate) fn fail(&self, faults: Faults) {
        *self.faults.lock().unwrap() = faults;
    }

    /// As if what files hold had been kept by a version that writes it otherwise.
    pub(crate) fn write_otherwise(&self) {
        let mut kept = self.kept.lock().unwrap();
        for object in kept.rows.values_mut().filter(|object| object.origin != Origin::Api) {
            object.digest = crate::admin::Digest::of_text("otherwise");
            object.written = object.written.replace(",\"expires_at\":null", "");
        }
    }

    fn faults(&self) -> Faults {
        *self.faults.lock().unwrap()
    }

    fn readable(&self) -> Result<(), AdminStoreError> {
        if self.faults().read { Err(AdminStoreError("unreadable".to_owned())) } else { Ok(()) }
    }
}

fn stored(RowChange { key, row }: &RowChange) -> Option<StoredObject> {
    let of = |entry: &Entry, origin| StoredObject {
        origin,
        key: key.clone(),
        stamp: entry.object.stamp.clone(),
        digest: entry.digest,
        written: entry.object.written.to_string(),
    };
    let (Row::Api(entry) | Row::File(entry) | Row::Revoked(entry)) = row;
    entry.as_ref().map(|entry| of(entry, row.origin()))
}

impl AdminStore for MemoryAdminStore {
    fn load(&self) -> Result<Stored, AdminStoreError> {
        self.readable()?;
        let kept = self.kept.lock().unwrap();
        Ok(Stored {
            objects: kept.rows.values().cloned().collect(),
            pins: kept.pins.clone(),
            latest: kept.snapshots.last().map(|content| content.row.clone()),
        })
    }

    fn pins(&self) -> Result<Pins, AdminStoreError> {
        self.readable()?;
        Ok(self.kept.lock().unwrap().pins.clone())
    }

    fn keys(&self) -> Result<Vec<IssuedKey>, AdminStoreError> {
        self.readable()?;
        Ok(self.kept.lock().unwrap().keys.values().cloned().collect())
    }

    fn commit(&self, step: Step<'_>) -> Result<(), AdminStoreError> {
        if self.faults().commit {
            return Err(AdminStoreError("full".to_owned()));
        }
        let mut kept = self.kept.lock().unwrap();
        if kept.snapshots.last().map_or(0, |content| content.row.version) != step.after {
            return Err(AdminStoreError("another process".to_owned()));
        }
        for change in step.rows {
            let key = (change.row.origin(), change.key.clone());
            match stored(change) {
                Some(object) => kept.rows.insert(key, object),
                None => kept.rows.remove(&key),
            };
        }
        let before = kept.snapshots.last().map(|content| content.texts.clone()).unwrap_or_default();
        let texts: Vec<Text> = step.texts.map_or(before, <[Text]>::to_vec);
        let objects = kept.rows.values().cloned().collect();
        kept.snapshots.push(SnapshotContent { row: step.snapshot.clone(), texts, objects });
        if let Some(key) = step.key {
            kept.keys.insert(key.key.id.to_string(), key.clone());
        }
        if let Some(pins) = step.pins {
            kept.pins = pins.clone();
        }
        if self.faults().silent { Err(AdminStoreError("no answer".to_owned())) } else { Ok(()) }
    }

    fn pin(&self, pins: &Pins) -> Result<(), AdminStoreError> {
        if self.faults().pin {
            return Err(AdminStoreError("full".to_owned()));
        }
        self.kept.lock().unwrap().pins = pins.clone();
        Ok(())
    }

    fn latest(&self) -> Result<u64, AdminStoreError> {
        self.readable()?;
        Ok(self.kept.lock().unwrap().snapshots.last().map_or(0, |content| content.row.version))
    }

    fn snapshots(&self, before: Option<u64>, limit: usize) -> Result<Vec<SnapshotRow>, AdminStoreError> {
        self.readable()?;
        let kept = self.kept.lock().unwrap();
        let rows = kept.snapshots.iter().rev().map(|content| content.row.clone());
        Ok(rows.filter(|row| before.is_none_or(|before| row.version < before)).take(limit).collect())
    }

    fn content(&self, version: u64) -> Result<Option<SnapshotContent>, AdminStoreError> {
        self.readable()?;
        let kept = self.kept.lock().unwrap();
        Ok(kept.snapshots.iter().find(|content| content.row.version == version).cloned())
    }
}
