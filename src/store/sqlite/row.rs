//! Holds as rows.

use rusqlite::types::Type;
use rusqlite::{Error, Row};

use crate::holds::{Hold, HoldState, StoreError};
use crate::model::call::CallDigest;
use crate::model::id::{HOLD, Id};
use crate::model::time::Timestamp;
use crate::store::wire::{Columns, hold_from};

/// The columns of a hold, in the order of [`read`].
macro_rules! columns {
    () => {
        "id, revision, state, recorded, tenant, actor, capability, digest, ticket, created_at, expires_at, rest"
    };
}
pub(super) use columns;

/// A row as it came, before it is made a hold of: outside the statement, so that a bad row is no failure of SQLite.
#[derive(Debug)]
pub(super) struct RawRow {
    id: String,
    revision: i64,
    state: String,
    recorded: bool,
    tenant: String,
    actor: String,
    capability: String,
    digest: Vec<u8>,
    ticket: bool,
    created_at: i64,
    expires_at: i64,
    rest: String,
}

/// The row of a statement that selects [`columns`].
pub(super) fn read(row: &Row<'_>) -> Result<RawRow, Error> {
    raw(row).map_err(|error| {
        let id: String = row.get(0).unwrap_or_default();
        let why = format!("the hold {id} cannot be read back: {error}");
        Error::FromSqlConversionFailure(0, Type::Text, why.into())
    })
}

fn raw(row: &Row<'_>) -> Result<RawRow, Error> {
    Ok(RawRow {
        id: row.get(0)?,
        revision: row.get(1)?,
        state: row.get(2)?,
        recorded: row.get(3)?,
        tenant: row.get(4)?,
        actor: row.get(5)?,
        capability: row.get(6)?,
        digest: row.get(7)?,
        ticket: row.get(8)?,
        created_at: row.get(9)?,
        expires_at: row.get(10)?,
        rest: row.get(11)?,
    })
}

impl RawRow {
    /// The hold it is the row of. A row that is none is an error, never left out: something was approved or refused in it.
    pub(super) fn into_hold(self) -> Result<Hold, StoreError> {
        let id = self.id.clone();
        self.hold().map_err(|why| StoreError(format!("the hold {id} cannot be read back: {why}")))
    }

    fn hold(self) -> Result<Hold, String> {
        let digest: [u8; 32] = self.digest.try_into().map_err(|_| "its digest has not 32 bytes")?;
        let columns = Columns {
            id: Id::parse(HOLD, &self.id).ok_or("that is no id of a hold")?,
            revision: u64::try_from(self.revision).map_err(|_| "its revision is negative")?,
            state: HoldState::parse(&self.state).ok_or("its state is unknown")?,
            recorded: self.recorded,
            tenant: self.tenant,
            actor: self.actor,
            capability: self.capability,
            digest: CallDigest::from_bytes(digest),
            ticket: self.ticket,
            created_at: Timestamp::from_micros(self.created_at),
            expires_at: Timestamp::from_micros(self.expires_at),
        };
        hold_from(columns, &self.rest)
    }
}
