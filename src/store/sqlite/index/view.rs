//! Reading: one moment of the index.

use std::sync::{Arc, MutexGuard};

use rusqlite::{Connection, Error, Row, params_from_iter};

use crate::audit::index::{
    CallKey, Entry, Execution, IndexError, IndexView, Order, Place, Position, Progress, Search, Tag, Tags,
};
use crate::audit::line::HexHash;
use crate::model::time::Timestamp;
use crate::store::sqlite::index::SqliteIndex;
use crate::store::sqlite::index::statement::{Bound, Statement, count, of_call, page};

const EPOCHS: &str =
    "SELECT number, name, next, segment, offset, last_segment, last_offset, last_hash, complete
    FROM epochs ORDER BY number";

/// A read transaction: what is added meanwhile is not seen.
pub(super) struct View<'s> {
    store: &'s SqliteIndex,
    reading: MutexGuard<'s, Option<Connection>>,
    /// With their numbers, in order.
    epochs: Vec<(i64, Progress)>,
}

impl<'s> View<'s> {
    pub(super) fn begin(
        store: &'s SqliteIndex,
        reading: MutexGuard<'s, Option<Connection>>,
    ) -> Result<Self, IndexError> {
        let mut view = Self { store, reading, epochs: Vec::new() };
        view.epochs = view.read(|connection| {
            connection.execute_batch("BEGIN")?;
            connection.prepare_cached(EPOCHS)?.query_map([], epoch)?.collect()
        })?;
        Ok(view)
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, IndexError> {
        let Some(connection) = &*self.reading else {
            return Err(IndexError::Unavailable("it is closed".to_owned()));
        };
        work(connection).map_err(|error| self.store.failure(&error))
    }

    fn rows(&self, sql: &str, values: impl rusqlite::Params) -> Result<Vec<Entry>, IndexError> {
        let rows: Vec<Entry> = self.read(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            statement.query_map(values, |row| self.entry(row))?.collect()
        })?;
        Ok(rows)
    }

    fn entry(&self, row: &Row<'_>) -> Result<Entry, Error> {
        let key = row.get::<_, Option<[u8; 16]>>(5)?.map(CallKey);
        let at = Position {
            time: Timestamp::from_micros(row.get(0)?),
            epoch: self.name(row.get(1)?)?,
            seq: unsigned(row.get(2)?),
        };
        let tag = |column: usize| row.get::<_, Option<i64>>(column).map(|tag| tag.map(Tag));
        let tags = Tags {
            kind: tag(6)?,
            tenant: tag(7)?,
            actor: tag(8)?,
            capability: tag(9)?,
            outcome: tag(10)?,
            code: tag(11)?,
            risk: tag(12)?,
            session: tag(13)?,
            surface: tag(14)?,
            result_status: tag(15)?,
        };
        let execution = match (key, row.get::<_, Option<i64>>(16)?) {
            (Some(key), Some(epoch)) => Some(Execution {
                key,
                epoch: self.name(epoch)?,
                seq: unsigned(row.get(17)?),
                place: place(row, 18)?,
                result: tag(20)?,
                result_status: tag(21)?,
            }),
            _ => None,
        };
        Ok(Entry { at, place: place(row, 3)?, key, tags, execution })
    }

    fn name(&self, number: i64) -> Result<Arc<str>, Error> {
        let found = self.epochs.binary_search_by_key(&number, |(number, _)| *number).ok();
        let known = found.and_then(|at| self.epochs.get(at));
        known.map(|(_, progress)| Arc::clone(&progress.epoch)).ok_or(Error::QueryReturnedNoRows)
    }

    /// The bounds of a search, as far as there are any.
    fn bounds(&self, search: &Search, after: Option<&Position>) -> (Bound, Bound) {
        let since = search.since.map_or((i64::MIN, 0, 0), |since| (since.as_micros(), 0, 0));
        let until = search.until.map_or((i64::MAX, 0, 0), |until| (until.as_micros(), 0, 0));
        let Some(after) = after else { return (since, until) };
        let place =
            |epoch: i64, seq: u64| (after.time.as_micros(), epoch, i64::try_from(seq).unwrap_or(i64::MAX));
        // Epochs are numbered in the order of their names, from one; an epoch that is not in the index stands behind the last
        // one before it.
        let before = self.epochs.partition_point(|(_, known)| *known.epoch < *after.epoch);
        let bound = match self.epochs.get(before) {
            Some((number, known)) if known.epoch == after.epoch => place(*number, after.seq),
            _ => {
                let last = before.checked_sub(1).and_then(|last| self.epochs.get(last));
                place(last.map_or(0, |(number, _)| *number), u64::MAX)
            }
        };
        match search.order {
            Order::Ascending => (since.max(bound), until),
            Order::Descending => (since, until.min(bound)),
        }
    }
}

impl IndexView for View<'_> {
    fn progress(&self) -> Result<Vec<Progress>, IndexError> {
        Ok(self.epochs.iter().map(|(_, progress)| progress.clone()).collect())
    }

    fn search(
        &self,
        search: &Search,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Vec<Entry>, IndexError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let Statement { sql, values } = page(search, self.bounds(search, after), limit);
        self.rows(&sql, params_from_iter(values))
    }

    fn count(&self, search: &Search) -> Result<u64, IndexError> {
        let Statement { sql, values } = count(search, self.bounds(search, search.after.as_ref()));
        let number: i64 = self.read(|connection| {
            connection.prepare_cached(&sql)?.query_row(params_from_iter(values), |row| row.get(0))
        })?;
        Ok(unsigned(number))
    }

    fn of_call(&self, key: &CallKey) -> Result<Vec<Entry>, IndexError> {
        self.rows(&of_call(), [key.0.as_slice()])
    }
}

impl Drop for View<'_> {
    fn drop(&mut self) {
        // A connection that cannot end its reading is opened anew.
        if self.read(|connection| connection.execute_batch("ROLLBACK")).is_err() {
            *self.reading = None;
        }
    }
}

fn epoch(row: &Row<'_>) -> Result<(i64, Progress), Error> {
    let hash: Option<String> = row.get(7)?;
    let hash = hash.as_deref().and_then(|hash| HexHash::parse(hash.as_bytes()));
    let last = match (row.get::<_, Option<i64>>(5)?, row.get::<_, Option<i64>>(6)?, hash) {
        (Some(segment), Some(offset), Some(hash)) => {
            Some((Place { segment: unsigned(segment), offset: unsigned(offset) }, hash))
        }
        _ => None,
    };
    let progress = Progress {
        epoch: Arc::from(row.get::<_, String>(1)?),
        next: unsigned(row.get(2)?),
        place: place(row, 3)?,
        last,
        complete: row.get(8)?,
    };
    Ok((row.get(0)?, progress))
}

fn place(row: &Row<'_>, column: usize) -> Result<Place, Error> {
    Ok(Place { segment: unsigned(row.get(column)?), offset: unsigned(row.get(column + 1)?) })
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
