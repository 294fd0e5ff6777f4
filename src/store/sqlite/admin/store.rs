//! The trait over the two connections.

use rusqlite::TransactionBehavior;

use crate::admin::{
    AdminStore, AdminStoreError, IssuedKey, Pins, SnapshotContent, SnapshotRow, Step, Stored,
};
use crate::holds::StoreError;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::admin::{keys, read, write};

/// What another process has done that this one does not know of.
const OVERTAKEN: &str =
    "another process has changed what is administered in the same data folder; restart this one";

impl From<StoreError> for AdminStoreError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Failed(why) | StoreError::OneHold(why) => Self(why),
        }
    }
}

impl AdminStore for SqliteStore {
    fn load(&self) -> Result<Stored, AdminStoreError> {
        let (objects, pins, latest) = self.read(|connection| {
            // All of one moment.
            let moment = connection.unchecked_transaction()?;
            let latest = read::snapshots(&moment, None, 1)?.pop();
            Ok((read::objects_now(&moment)?, read::pins(&moment)?, latest))
        })?;
        let objects = objects.into_iter().collect::<Result<_, _>>().map_err(AdminStoreError)?;
        Ok(Stored { objects, pins: pins.map_err(AdminStoreError)?, latest })
    }

    fn pins(&self) -> Result<Pins, AdminStoreError> {
        self.read(read::pins)?.map_err(AdminStoreError)
    }

    fn keys(&self) -> Result<Vec<IssuedKey>, AdminStoreError> {
        let keys = self.read(keys::all)?;
        keys.into_iter().collect::<Result<_, _>>().map_err(AdminStoreError)
    }

    fn commit(&self, step: Step<'_>) -> Result<(), AdminStoreError> {
        let taken = self.write(|connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            if read::latest(&transaction)? != step.after {
                return Ok(false);
            }
            write::step(&transaction, &step)?;
            transaction.commit()?;
            Ok(true)
        })?;
        if taken { Ok(()) } else { Err(AdminStoreError(OVERTAKEN.to_owned())) }
    }

    fn pin(&self, pins: &Pins) -> Result<(), AdminStoreError> {
        Ok(self.write(|connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            write::pins(&transaction, pins)?;
            transaction.commit()
        })?)
    }

    fn latest(&self) -> Result<u64, AdminStoreError> {
        Ok(self.read(read::latest)?)
    }

    fn snapshots(&self, before: Option<u64>, limit: usize) -> Result<Vec<SnapshotRow>, AdminStoreError> {
        Ok(self.read(|connection| read::snapshots(connection, before, limit))?)
    }

    fn content(&self, version: u64) -> Result<Option<SnapshotContent>, AdminStoreError> {
        let found = self.read(|connection| {
            let moment = connection.unchecked_transaction()?;
            let Some(row) = read::snapshots(&moment, version.checked_add(1), 1)?.pop() else {
                return Ok(None);
            };
            if row.version != version {
                return Ok(None);
            }
            let texts = read::texts(&moment, version)?;
            Ok(Some((row, texts, read::objects_then(&moment, version)?)))
        })?;
        let Some((row, texts, objects)) = found else { return Ok(None) };
        let texts = texts.into_iter().collect::<Result<_, _>>().map_err(AdminStoreError)?;
        let objects = objects.into_iter().collect::<Result<_, _>>().map_err(AdminStoreError)?;
        Ok(Some(SnapshotContent { row, texts, objects }))
    }
}
