//! What is left to be done to holds because the store or the ledger did not do it at once. Nothing of it is lost while the process
//! lives; what is left when it ends is found by the next start.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::holds::Hold;
use crate::model::id::Id;

/// What is left to be done.
#[derive(Debug, Default)]
pub(super) struct Todo {
    lists: Mutex<Lists>,
    /// Whether the store may hold changes that the ledger was not told of, and that stand in no list.
    stray: AtomicBool,
}

#[derive(Debug, Default)]
struct Lists {
    left: Left,
    /// Holds whose change is being recorded, or is to be taken back.
    changing: HashSet<Id>,
}

/// What is left to be done, by kind.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// Changes to be taken back: each as it stands, and as it is to be.
    pub(super) undo: Vec<(Hold, Hold)>,
    /// Consumed holds whose calls have ended, and whether anything was sent.
    pub(super) ended: Vec<(Hold, bool)>,
    /// Holds whose last change the ledger did not take.
    pub(super) late: Vec<Hold>,
}

impl Todo {
    /// Takes everything that is left; what is not done is to be put back.
    pub(super) fn take(&self) -> Left {
        std::mem::take(&mut self.lists().left)
    }

    /// Whether something is left.
    pub(super) fn is_empty(&self) -> bool {
        let lists = self.lists();
        let Left { undo, ended, late } = &lists.left;
        let none = undo.is_empty() && ended.is_empty() && late.is_empty();
        none && !self.stray.load(Ordering::Acquire)
    }

    pub(super) fn end(&self, hold: Hold, sent: bool) {
        self.lists().left.ended.push((hold, sent));
    }

    pub(super) fn tell_again(&self, hold: Hold) {
        self.lists().left.late.push(hold);
    }

    /// `stands` is to become `wanted` as soon as the store does what it is asked.
    pub(super) fn undo(&self, stands: Hold, wanted: Hold) {
        let mut lists = self.lists();
        lists.changing.insert(stands.id);
        lists.left.undo.push((stands, wanted));
    }

    /// A change of the hold is being recorded, by whoever made it.
    pub(super) fn begin_change(&self, id: Id) {
        self.lists().changing.insert(id);
    }

    pub(super) fn end_change(&self, id: &Id) {
        self.lists().changing.remove(id);
    }

    pub(super) fn is_changing(&self, id: &Id) -> bool {
        self.lists().changing.contains(id)
    }

    /// The store may hold changes that nobody told the ledger of.
    pub(super) fn note_stray(&self) {
        self.stray.store(true, Ordering::Release);
    }

    /// Whether it may; asked once.
    pub(super) fn take_stray(&self) -> bool {
        self.stray.swap(false, Ordering::AcqRel)
    }

    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
