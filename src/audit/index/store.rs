//! Where the index is kept. `store/` implements it.
//!
//! Imports `index::{entry, key}` and `audit::error`. Whatever is in such a store can be made again from the ledger, so a store
//! that is out of order is emptied rather than mended.

use std::fmt::Debug;
use std::sync::Arc;

use thiserror::Error;

use crate::audit::error::LedgerError;
use crate::audit::index::entry::{Entry, Execution, Place, Position, Search};
use crate::audit::index::key::CallKey;
use crate::audit::line::HexHash;

/// Why the index does not answer. Calls go on all the same; reads of the API are 503.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IndexError {
    /// It is so far behind the ledger that reading what it lacks would take too long.
    #[error("the index of the ledger is {records} records behind; try again later, or use: aegis audit list")]
    Behind {
        /// Records it lacks.
        records: u64,
    },
    /// Another process keeps its file locked.
    #[error("the index of the ledger is kept locked by another process: {0}")]
    Locked(String),
    /// There is no room for it.
    #[error("the disk of the ledger's index is full: {0}")]
    Full(String),
    /// Its file is damaged, or says what the ledger does not; it is made again.
    #[error("the index of the ledger is damaged and is being made again: {0}")]
    Damaged(String),
    /// Its file was taken away or replaced; it goes on with what is there now.
    #[error("the index of the ledger was replaced: {0}")]
    Replaced(String),
    /// Anything else.
    #[error("the index of the ledger cannot be used: {0}")]
    Unavailable(String),
    /// The ledger itself could not be read.
    #[error("{0}")]
    Ledger(String),
}

impl From<LedgerError> for IndexError {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error.to_string())
    }
}

/// How far an epoch is in the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Name of the epoch.
    pub epoch: Arc<str>,
    /// Records before this number are in.
    pub next: u64,
    /// Where the line of record `next` begins, or will.
    pub place: Place,
    /// Where the line before it begins, and its hash: shows later whether the ledger is still the one that was read.
    pub last: Option<(Place, HexHash)>,
    /// Nothing will follow.
    pub complete: bool,
}

/// What is put into the index in one go: all of it or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// New rows, without executions.
    pub entries: Vec<Entry>,
    /// What became of calls, in whatever row they are or will be. Of several for one call the first stays.
    pub executions: Vec<Execution>,
    /// How far it goes now, and from which record on.
    pub progress: Vec<(u64, Progress)>,
}

/// A place for the index. What is put in twice is there once.
pub trait IndexStore: Debug + Send + Sync {
    /// A view of one moment, which later batches do not change.
    ///
    /// # Errors
    /// The store cannot be read.
    fn view(&self) -> Result<Box<dyn IndexView + '_>, IndexError>;

    /// Puts a batch in.
    ///
    /// # Errors
    /// Nothing of it is in. [`IndexError::Replaced`] when the store lacks records before those of the batch.
    fn add(&self, batch: &Batch) -> Result<(), IndexError>;

    /// Empties it, by making it anew.
    ///
    /// # Errors
    /// It cannot be made.
    fn reset(&self) -> Result<(), IndexError>;
}

/// The index at one moment.
pub trait IndexView {
    /// How far each epoch is in, in the order of the epochs.
    ///
    /// # Errors
    /// The store cannot be read; so below.
    fn progress(&self) -> Result<Vec<Progress>, IndexError>;

    /// At most `limit` entries in the order of `search`, behind `after` instead of what `search` says of that.
    ///
    /// # Errors
    /// As above.
    fn search(
        &self,
        search: &Search,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Vec<Entry>, IndexError>;

    /// How many there are.
    ///
    /// # Errors
    /// As above.
    fn count(&self, search: &Search) -> Result<u64, IndexError>;

    /// The entries of a call, in the order of the ledger.
    ///
    /// # Errors
    /// As above.
    fn of_call(&self, key: &CallKey) -> Result<Vec<Entry>, IndexError>;
}

/// A store that is always empty: all of the ledger is read for every query.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoStore;

impl IndexStore for NoStore {
    fn view(&self) -> Result<Box<dyn IndexView + '_>, IndexError> {
        Ok(Box::new(Self))
    }

    fn add(&self, _batch: &Batch) -> Result<(), IndexError> {
        Err(IndexError::Unavailable("this gateway keeps none".to_owned()))
    }

    fn reset(&self) -> Result<(), IndexError> {
        Ok(())
    }
}

impl IndexView for NoStore {
    fn progress(&self) -> Result<Vec<Progress>, IndexError> {
        Ok(Vec::new())
    }

    fn search(&self, _: &Search, _: Option<&Position>, _: usize) -> Result<Vec<Entry>, IndexError> {
        Ok(Vec::new())
    }

    fn count(&self, _: &Search) -> Result<u64, IndexError> {
        Ok(0)
    }

    fn of_call(&self, _: &CallKey) -> Result<Vec<Entry>, IndexError> {
        Ok(Vec::new())
    }
}
