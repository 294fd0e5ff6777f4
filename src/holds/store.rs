//! Where holds are kept. `store/` implements it; holds are shared by whoever shares the store.

use std::fmt::Debug;
use std::sync::Arc;

use thiserror::Error;

use crate::holds::{Hold, HoldState};
use crate::model::call::CallDigest;
use crate::model::id::Id;
use crate::model::time::Timestamp;

/// The store did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StoreError {
    /// It is locked, full, damaged or out of reach.
    #[error("the store of holds failed: {0}")]
    Failed(String),
    /// Only with this one hold something is wrong: it cannot be read back, or changes too often.
    #[error("{0}")]
    OneHold(String),
}

/// What came of putting in a new hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It is in.
    Yes,
    /// Another open hold with a ticket is there for this call.
    Taken,
}

/// Holds that are pending at some moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PendingCounts {
    /// In all.
    pub all: usize,
    /// Of one tenant.
    pub tenant: usize,
    /// Of one actor of that tenant.
    pub actor: usize,
}

/// How many holds stand where, as last changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HoldCounts(pub [u64; HoldState::ALL.len()]);

/// Which holds are listed. `None` = any.
#[derive(Clone, Debug, Default)]
pub struct HoldFilter {
    /// Of this tenant.
    pub tenant: Option<Arc<str>>,
    /// Standing here at `now`.
    pub state: Option<HoldState>,
    /// Of exactly this capability.
    pub capability: Option<String>,
    /// Of exactly this actor.
    pub actor: Option<String>,
    /// Older than this one, by time and then by id.
    pub before: Option<(Timestamp, Id)>,
    /// At most so many.
    pub limit: usize,
}

/// A page of a list.
#[derive(Clone, Debug, Default)]
pub struct HoldPage {
    /// The holds, newest first.
    pub holds: Vec<Hold>,
    /// How many match without regard to `before` and `limit`.
    pub total: u64,
}

/// Keeps holds. Every call blocks; what it did is durable when it returns.
pub trait HoldStore: Debug + Send + Sync {
    /// Puts in a hold just opened.
    ///
    /// INVARIANT: of the holds with a ticket for one call at most one is open.
    ///
    /// # Errors
    /// The store failed.
    fn insert(&self, hold: &Hold) -> Result<Inserted, StoreError>;

    /// Puts `hold` in the place of its revision before, in one step; false when that is not there any more.
    ///
    /// # Errors
    /// The store failed; whether the hold was replaced is not known then.
    fn replace(&self, hold: &Hold) -> Result<bool, StoreError>;

    /// Replaces each as [`Self::replace`] does, and all of it reaches the disk at once: for many, this takes as long as for one.
    /// Says of each whether it was replaced.
    ///
    /// # Errors
    /// The store failed; which ones were replaced is not known then.
    fn replace_all(&self, holds: &[Hold]) -> Result<Vec<bool>, StoreError>;

    /// The ledger tells of this revision now. Without effect once there is a later one.
    ///
    /// # Errors
    /// The store failed.
    fn mark_recorded(&self, id: &Id, revision: u64) -> Result<(), StoreError>;

    /// The hold of that id.
    ///
    /// # Errors
    /// The store failed.
    fn by_id(&self, id: &Id) -> Result<Option<Hold>, StoreError>;

    /// Of the rejections of this call that hold at `now` the one that ends last, else the open hold with a ticket for it,
    /// whether its time has run out or not.
    ///
    /// # Errors
    /// The store failed.
    fn current(&self, tenant: &str, digest: &CallDigest, now: Timestamp) -> Result<Option<Hold>, StoreError>;

    /// How many holds are pending at `now`.
    ///
    /// # Errors
    /// The store failed.
    fn pending(&self, tenant: &str, actor: &str, now: Timestamp) -> Result<PendingCounts, StoreError>;

    /// Lists holds, without those that cannot be read back; the total has these, too.
    ///
    /// # Errors
    /// The store failed.
    fn list(&self, filter: &HoldFilter, now: Timestamp) -> Result<HoldPage, StoreError>;

    /// Open holds whose time has run out at `now`, at most `limit`; without those that cannot be read back.
    ///
    /// # Errors
    /// The store failed.
    fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Hold>, StoreError>;

    /// When the next open hold runs out of those that can be read back, as far as is known.
    ///
    /// # Errors
    /// The store failed.
    fn next_due(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Holds whose last change the ledger does not tell of, at most `limit`; without those that cannot be read back.
    ///
    /// # Errors
    /// The store failed.
    fn unrecorded(&self, limit: usize) -> Result<Vec<Hold>, StoreError>;

    /// How many holds stand where.
    ///
    /// # Errors
    /// The store failed.
    fn counts(&self) -> Result<HoldCounts, StoreError>;

    /// Forgets recorded holds that ran out or were decided before `time`; returns how many.
    ///
    /// # Errors
    /// The store failed.
    fn forget(&self, time: Timestamp) -> Result<usize, StoreError>;
}

impl HoldCounts {
    /// How many stand in `state`.
    #[must_use]
    pub fn of(&self, state: HoldState) -> u64 {
        HoldState::ALL.iter().zip(self.0).find(|(other, _)| **other == state).map_or(0, |(_, count)| count)
    }
}
