//! Rows that are no holds. Whoever asks for one of them is told so; where many are asked for, one bad row must not keep all the
//! others from being listed, expired or recorded.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::holds::Hold;
use crate::store::sqlite::row::RawRow;

/// The ids of rows that were left out; each is named once in the log.
#[derive(Debug, Default)]
pub(super) struct Unreadable(Mutex<HashSet<String>>);

impl Unreadable {
    /// The hold of a row, or a line in the log.
    pub(super) fn hold(&self, row: RawRow) -> Option<Hold> {
        let id = row.id.clone();
        match row.into_hold() {
            Ok(hold) => {
                self.ids().remove(&id);
                Some(hold)
            }
            Err(error) => {
                if self.ids().insert(id) {
                    tracing::error!(%error, "a hold is left out of lists, and does not expire");
                }
                None
            }
        }
    }

    /// Whether no row is known to be one.
    pub(super) fn is_empty(&self) -> bool {
        self.ids().is_empty()
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.ids().contains(id)
    }

    fn ids(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
