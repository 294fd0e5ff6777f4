//! Holds as rows.

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
    /// As far as it is text.
    pub(super) id: String,
    pub(super) created_at: i64,
    /// The rest, or why it cannot be read.
    cells: Result<Cells, String>,
}

#[derive(Debug)]
struct Cells {
    revision: i64,
    state: String,
    recorded: bool,
    tenant: String,
    actor: String,
    capability: String,
    digest: Vec<u8>,
    ticket: bool,
    expires_at: i64,
    rest: String,
}

/// The row of a statement that selects [`columns`].
pub(super) fn read(row: &Row<'_>) -> Result<RawRow, Error> {
    Ok(RawRow {
        id: id(row)?,
        created_at: row.get(9)?,
        // What is not even text is no failure of the statement, either.
        cells: cells(row).map_err(|error| error.to_string()),
    })
}

/// The id of a row that begins with it, as far as it is text.
pub(super) fn id(row: &Row<'_>) -> Result<String, Error> {
    Ok(String::from_utf8_lossy(row.get_ref(0)?.as_bytes()?).into_owned())
}

fn cells(row: &Row<'_>) -> Result<Cells, Error> {
    Ok(Cells {
        revision: row.get(1)?,
        state: row.get(2)?,
        recorded: row.get(3)?,
        tenant: row.get(4)?,
        actor: row.get(5)?,
        capability: row.get(6)?,
        digest: row.get(7)?,
        ticket: row.get(8)?,
        expires_at: row.get(10)?,
        rest: row.get(11)?,
    })
}

impl RawRow {
    /// The hold it is the row of. Who asked for this one gets an error for a row that is none: something was approved or refused
    /// in it.
    pub(super) fn into_hold(self) -> Result<Hold, StoreError> {
        let id = self.id.clone();
        self.hold().map_err(|why| StoreError::OneHold(format!("the hold {id} cannot be read back: {why}")))
    }

    fn hold(self) -> Result<Hold, String> {
        let cells = self.cells?;
        let digest: [u8; 32] = cells.digest.try_into().map_err(|_| "its digest has not 32 bytes")?;
        let columns = Columns {
            id: Id::parse(HOLD, &self.id).ok_or("that is no id of a hold")?,
            revision: u64::try_from(cells.revision).map_err(|_| "its revision is negative")?,
            state: HoldState::parse(&cells.state).ok_or("its state is unknown")?,
            recorded: cells.recorded,
            tenant: cells.tenant,
            actor: cells.actor,
            capability: cells.capability,
            digest: CallDigest::from_bytes(digest),
            ticket: cells.ticket,
            created_at: Timestamp::from_micros(self.created_at),
            expires_at: Timestamp::from_micros(cells.expires_at),
        };
        hold_from(columns, &cells.rest)
    }
}
