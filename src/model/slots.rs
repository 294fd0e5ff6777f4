//! A bounded number of things at once. Imports nothing of ours.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Places for at most so many at once. Clones share the places.
#[derive(Clone, Debug)]
pub struct Slots {
    most: usize,
    taken: Arc<AtomicUsize>,
}

/// One place taken, until it is dropped.
#[derive(Debug)]
pub struct Slot {
    taken: Arc<AtomicUsize>,
}

impl Slots {
    /// Places for `most` at once, none of them taken.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most, taken: Arc::default() }
    }

    /// Takes a place; `None` when all are taken.
    #[must_use]
    pub fn take(&self) -> Option<Slot> {
        let one_more = |taken: usize| (taken < self.most).then_some(taken + 1);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok()?;
        Some(Slot { taken: Arc::clone(&self.taken) })
    }

    /// How many places are taken.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Whether more than an eighth of the places are taken.
    #[must_use]
    pub fn is_crowded(&self) -> bool {
        self.taken() > self.most / 8
    }

    /// The same number of places, those taken in `earlier` taken here too: what is under way is counted across a change.
    #[must_use]
    pub fn succeeding(&self, earlier: &Self) -> Self {
        Self { most: self.most, taken: Arc::clone(&earlier.taken) }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_its_places_are_taken_and_each_comes_back() {
        let slots = Slots::new(2);
        let (first, second) = (slots.take(), slots.take());
        assert!(first.is_some() && second.is_some() && slots.take().is_none() && slots.take().is_none());
        drop(first);
        let third = slots.take();
        assert!(third.is_some() && slots.take().is_none());
    }

    #[test]
    fn what_is_under_way_counts_after_a_change() {
        let before = Slots::new(1);
        let held = before.take();
        let after = Slots::new(1).succeeding(&before);
        assert!(after.take().is_none());
        drop(held);
        assert!(after.take().is_some());
    }
}
