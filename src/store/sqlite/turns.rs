//! One user at a time of a connection; and of those who wait for their turn while another process keeps the file locked, one finds out
//! for all of them.
//!
//! SQLite waits up to two seconds for a lock. Were each of many to wait so long in its turn, the last would be told after as many times
//! that, and everything that comes meanwhile would queue behind it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Something that one uses at a time.
#[derive(Debug)]
pub(super) struct Turns<T> {
    shared: Mutex<T>,
    /// How many turns ended because something else had a lock.
    ended_busy: AtomicU64,
}

/// A place in the queue, taken before waiting.
#[derive(Debug)]
pub(super) struct Place {
    ended_busy: u64,
}

impl<T> Turns<T> {
    pub(super) const fn new(shared: T) -> Self {
        Self { shared: Mutex::new(shared), ended_busy: AtomicU64::new(0) }
    }

    /// A place: what others find out from now on counts for whoever has it.
    pub(super) fn place(&self) -> Place {
        Place { ended_busy: self.ended_busy.load(Ordering::SeqCst) }
    }

    /// Waits for the turn; `None`: another's ended meanwhile because something else had a lock, so that this one need not try.
    #[expect(clippy::needless_pass_by_value, reason = "a place is good for one turn")]
    pub(super) fn take(&self, place: Place) -> Option<MutexGuard<'_, T>> {
        let turn = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        (self.ended_busy.load(Ordering::SeqCst) == place.ended_busy).then_some(turn)
    }

    /// Tells those who wait that something else has a lock. Called while the turn lasts, so that none of them gets its own before it can
    /// know.
    pub(super) fn end_busy(&self, _turn: &mut MutexGuard<'_, T>) {
        self.ended_busy.fetch_add(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_those_who_wait_together_one_finds_out_and_who_comes_later_tries_again() {
        let turns = Turns::new(0);
        let waiting: Vec<Place> = (0..5).map(|_| turns.place()).collect();
        let mut tried = 0;
        for place in waiting {
            if let Some(mut turn) = turns.take(place) {
                tried += 1;
                turns.end_busy(&mut turn);
            }
        }
        assert_eq!(tried, 1);
        let (later, last) = (turns.place(), turns.place());
        turns.end_busy(&mut turns.take(later).unwrap());
        assert!(turns.take(last).is_none());
        assert!(turns.take(turns.place()).is_some());
    }

    #[test]
    fn turns_that_end_otherwise_tell_nothing() {
        let turns = Turns::new(0);
        let waiting: Vec<Place> = (0..5).map(|_| turns.place()).collect();
        for place in waiting {
            *turns.take(place).unwrap() += 1;
        }
        assert_eq!(*turns.take(turns.place()).unwrap(), 5);
    }
}
