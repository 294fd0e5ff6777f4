//! Holds in SQLite. The partial indexes of `migrations/0001_holds.sql` are used only by statements that repeat their
//! conditions word for word, and some only if told to; a test asks SQLite whether each is.

use rusqlite::{Connection, Error, OptionalExtension, Params, TransactionBehavior, params, params_from_iter};

use crate::holds::{
    Hold, HoldCounts, HoldFilter, HoldPage, HoldState, HoldStore, Inserted, PendingCounts, StoreError,
};
use crate::model::call::CallDigest;
use crate::model::id::Id;
use crate::model::time::Timestamp;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::error::is_taken;
use crate::store::sqlite::list::{page, page_before, total};
use crate::store::sqlite::row::{RawRow, columns, id, read};
use crate::store::wire::rest_of;

pub(super) const INSERT: &str = concat!(
    "INSERT INTO holds (",
    columns!(),
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
);
/// The ask never changes; what may is set again.
pub(super) const REPLACE: &str = "UPDATE holds SET revision = ?2, state = ?3, recorded = ?4, rest = ?5
    WHERE id = ?1 AND revision = ?2 - 1";
pub(super) const MARK_RECORDED: &str = "UPDATE holds SET recorded = 1 WHERE id = ?1 AND revision = ?2";
pub(super) const BY_ID: &str = concat!("SELECT ", columns!(), " FROM holds WHERE id = ?1");
pub(super) const REJECTED: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM holds WHERE tenant = ?1 AND digest = ?2 AND state = 'rejected' AND expires_at > ?3
    ORDER BY expires_at DESC LIMIT 1"
);
pub(super) const OF_CALL: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM holds WHERE tenant = ?1 AND digest = ?2 AND ticket = 1 AND state IN ('pending', 'approved')"
);
pub(super) const PENDING: &str = "SELECT count(*), coalesce(sum(tenant = ?1), 0),
    coalesce(sum(tenant = ?1 AND actor = ?2), 0)
    FROM holds INDEXED BY holds_open
    WHERE state IN ('pending', 'approved') AND state = 'pending' AND expires_at > ?3";
pub(super) const DUE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM holds INDEXED BY holds_open
    WHERE state IN ('pending', 'approved') AND expires_at <= ?1 ORDER BY expires_at"
);
pub(super) const NEXT_DUE: &str =
    "SELECT min(expires_at) FROM holds INDEXED BY holds_open WHERE state IN ('pending', 'approved')";
/// For when some of them cannot be read.
pub(super) const EACH_DUE: &str = "SELECT id, expires_at FROM holds INDEXED BY holds_open
    WHERE state IN ('pending', 'approved') ORDER BY expires_at";
pub(super) const UNRECORDED: &str =
    concat!("SELECT ", columns!(), " FROM holds WHERE recorded = 0 ORDER BY rowid");
pub(super) const COUNTS: &str = "SELECT state, count(*) FROM holds GROUP BY state";
pub(super) const FORGET: &str = "DELETE FROM holds INDEXED BY holds_ended WHERE recorded = 1
    AND state IN ('consumed', 'rejected', 'expired', 'cancelled') AND expires_at < ?1";

impl SqliteStore {
    /// The one hold that `sql` selects.
    fn one(&self, sql: &str, values: impl Params) -> Result<Option<Hold>, StoreError> {
        let row =
            self.read(|connection| connection.prepare_cached(sql)?.query_row(values, read).optional())?;
        row.map(RawRow::into_hold).transpose()
    }

    /// The first `limit` of the holds that `sql` selects, without those that cannot be read.
    fn several(&self, sql: &str, values: impl Params, limit: usize) -> Result<Vec<Hold>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let (mut rows, mut holds) = (statement.query(values)?, Vec::new());
            while holds.len() < limit
                && let Some(row) = rows.next()?
            {
                holds.extend(self.unreadable.hold(read(row)?));
            }
            Ok(holds)
        })
    }

    /// A page without what cannot be read, filled up with what comes behind it.
    fn page(&self, moment: &Connection, filter: &HoldFilter, now: Timestamp) -> Result<Vec<Hold>, Error> {
        let (mut holds, mut statement) = (Vec::new(), page(filter, now));
        let mut behind = None;
        loop {
            let wanted = filter.limit - holds.len();
            let rows = rows(moment, &statement.sql, params_from_iter(statement.values))?;
            let is_last = rows.len() < wanted;
            let last = rows.last().map(|row| (row.created_at, row.id.clone()));
            holds.extend(rows.into_iter().filter_map(|row| self.unreadable.hold(row)));
            // An id that is no text may come again.
            if is_last || holds.len() >= filter.limit || last == behind {
                return Ok(holds);
            }
            behind.clone_from(&last);
            statement = page_before(filter, now, last, filter.limit - holds.len());
        }
    }

    /// How many rows `sql` changed; `None`: it would have made a second open hold for a call.
    fn change(&self, sql: &str, values: impl Params) -> Result<Option<usize>, StoreError> {
        self.write(|connection| change(connection, sql, values))
    }
}

impl HoldStore for SqliteStore {
    fn insert(&self, hold: &Hold) -> Result<Inserted, StoreError> {
        let ask = &hold.ask;
        let values = params![
            hold.id.to_string(),
            number(hold.revision),
            hold.state.as_str(),
            hold.recorded,
            &*ask.tenant,
            &*ask.actor,
            ask.capability,
            ask.digest.as_bytes(),
            ask.ticket,
            ask.created_at.as_micros(),
            ask.expires_at.as_micros(),
            rest_of(hold).map_err(StoreError::OneHold)?,
        ];
        Ok(if self.change(INSERT, values)?.is_some() { Inserted::Yes } else { Inserted::Taken })
    }

    fn replace(&self, hold: &Hold) -> Result<bool, StoreError> {
        let rest = rest_of(hold).map_err(StoreError::OneHold)?;
        Ok(self.write(|connection| replace(connection, hold, &rest))? == Some(1))
    }

    fn replace_all(&self, holds: &[Hold]) -> Result<Vec<bool>, StoreError> {
        let rests: Result<Vec<String>, String> = holds.iter().map(rest_of).collect();
        let rests = rests.map_err(StoreError::OneHold)?;
        self.write(|connection| {
            let together = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let mut replaced = Vec::with_capacity(holds.len());
            for (hold, rest) in holds.iter().zip(rests) {
                let changed = replace(&together, hold, &rest)?;
                replaced.push(changed == Some(1));
            }
            together.commit()?;
            Ok(replaced)
        })
    }

    fn mark_recorded(&self, id: &Id, revision: u64) -> Result<(), StoreError> {
        self.change(MARK_RECORDED, params![id.to_string(), number(revision)]).map(|_changed| ())
    }

    fn by_id(&self, id: &Id) -> Result<Option<Hold>, StoreError> {
        self.one(BY_ID, [id.to_string()])
    }

    fn current(&self, tenant: &str, digest: &CallDigest, now: Timestamp) -> Result<Option<Hold>, StoreError> {
        let rejected = self.one(REJECTED, params![tenant, digest.as_bytes(), now.as_micros()])?;
        if rejected.is_some() { Ok(rejected) } else { self.one(OF_CALL, params![tenant, digest.as_bytes()]) }
    }

    fn pending(&self, tenant: &str, actor: &str, now: Timestamp) -> Result<PendingCounts, StoreError> {
        let counted = self.read(|connection| {
            let mut statement = connection.prepare_cached(PENDING)?;
            statement.query_row(params![tenant, actor, now.as_micros()], |row| {
                Ok([row.get(0)?, row.get(1)?, row.get(2)?])
            })
        })?;
        let [all, tenant, actor] = counted.map(|count: i64| usize::try_from(count).unwrap_or(usize::MAX));
        Ok(PendingCounts { all, tenant, actor })
    }

    fn list(&self, filter: &HoldFilter, now: Timestamp) -> Result<HoldPage, StoreError> {
        let (total, holds) = self.read(|connection| {
            // Both of one moment.
            let moment = connection.unchecked_transaction()?;
            let total = total(filter, now);
            let total: i64 = moment
                .prepare_cached(&total.sql)?
                .query_row(params_from_iter(total.values), |row| row.get(0))?;
            Ok((total, self.page(&moment, filter, now)?))
        })?;
        Ok(HoldPage { holds, total: u64::try_from(total).unwrap_or(0) })
    }

    fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Hold>, StoreError> {
        self.several(DUE, [now.as_micros()], limit)
    }

    fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let due: Option<i64> = if self.unreadable.is_empty() {
            self.read(|connection| connection.prepare_cached(NEXT_DUE)?.query_row([], |row| row.get(0)))?
        } else {
            // Nothing becomes of those when they are due.
            self.read(|connection| {
                let mut statement = connection.prepare_cached(EACH_DUE)?;
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    if !self.unreadable.contains(&id(row)?) {
                        return row.get(1).map(Some);
                    }
                }
                Ok(None)
            })?
        };
        Ok(due.map(Timestamp::from_micros))
    }

    fn unrecorded(&self, limit: usize) -> Result<Vec<Hold>, StoreError> {
        self.several(UNRECORDED, [], limit)
    }

    fn counts(&self) -> Result<HoldCounts, StoreError> {
        let counted: Vec<(String, i64)> = self.read(|connection| {
            let mut statement = connection.prepare_cached(COUNTS)?;
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })?;
        // What stands in no state that is known is told of where it is listed.
        Ok(HoldCounts(HoldState::ALL.map(|state| {
            let count = counted.iter().find(|(name, _)| name == state.as_str());
            count.map_or(0, |(_, count)| u64::try_from(*count).unwrap_or(0))
        })))
    }

    fn forget(&self, time: Timestamp) -> Result<usize, StoreError> {
        self.change(FORGET, [time.as_micros()]).map(|deleted| deleted.unwrap_or(0))
    }
}

/// How many rows `sql` changed; `None`: it would have made a second open hold for a call.
fn change(connection: &Connection, sql: &str, values: impl Params) -> Result<Option<usize>, Error> {
    match connection.prepare_cached(sql)?.execute(values) {
        Err(error) if is_taken(&error) => Ok(None),
        changed => changed.map(Some),
    }
}

fn replace(connection: &Connection, hold: &Hold, rest: &str) -> Result<Option<usize>, Error> {
    let (id, revision) = (hold.id.to_string(), number(hold.revision));
    change(connection, REPLACE, params![id, revision, hold.state.as_str(), hold.recorded, rest])
}

fn rows(connection: &Connection, sql: &str, values: impl Params) -> Result<Vec<RawRow>, Error> {
    connection.prepare_cached(sql)?.query_map(values, read)?.collect()
}

/// SQLite's numbers are signed; ours never get so large.
fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
