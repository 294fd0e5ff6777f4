//! What is known of an address at the moment: the calls under way there, and whether it is fit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// How long an address rests after a connection to it failed, where no checks say how it is, in seconds.
const REST_S: u32 = 5;

/// Fit for calls.
const UP: u64 = 0;
/// Not fit until a check says otherwise.
const DOWN: u64 = 1;
/// Resting since a second of the caller's clock, which is added to this.
const RESTING: u64 = 2;

/// The state of an address. It outlives the snapshot it was compiled with.
///
/// `now_s` is a clock of the caller's that counts seconds and may wrap around.
#[derive(Debug, Default)]
pub struct EndpointState {
    under_way: AtomicUsize,
    fitness: AtomicU64,
    /// Checks in a row that contradict `fitness`; written by the one task that checks.
    against: AtomicU32,
}

/// A call that is counted at an address until this is dropped.
#[derive(Debug)]
pub struct UnderWay(Arc<EndpointState>);

impl EndpointState {
    /// Whether calls should go there.
    #[must_use]
    pub fn is_fit(&self, now_s: u32) -> bool {
        match self.fitness.load(Ordering::Relaxed) {
            UP => true,
            DOWN => false,
            resting => since(resting).is_none_or(|since| now_s.wrapping_sub(since) >= REST_S),
        }
    }

    /// Whether the last that is known of it is good: no failed connection or check that nothing good followed. One that rests may be
    /// fit for calls again and still not be up.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.fitness.load(Ordering::Relaxed) == UP
    }

    /// A connection failed. `checked`: checks will say when the address is fit again; else it rests for a while. `true`: it
    /// was taken for fit until now.
    pub fn failed(&self, now_s: u32, checked: bool) -> bool {
        let fitness = if checked { DOWN } else { RESTING + u64::from(now_s) };
        self.against.store(0, Ordering::Relaxed);
        self.fitness.swap(fitness, Ordering::Relaxed) == UP
    }

    /// A connection was made. It ends a rest, and contradicts no check. `true`: the address was not taken for fit.
    pub fn connected(&self) -> bool {
        let fitness = self.fitness.load(Ordering::Relaxed);
        let is_resting = fitness >= RESTING;
        if is_resting {
            // Whatever else happened in between knows better.
            let _newer = self.fitness.compare_exchange(fitness, UP, Ordering::Relaxed, Ordering::Relaxed);
        }
        is_resting
    }

    /// A check was good or bad. `true`: so many in a row contradicted what was believed that it changed.
    pub fn checked(&self, good: bool, healthy_after: u32, unhealthy_after: u32) -> bool {
        let was_up = self.fitness.load(Ordering::Relaxed) == UP;
        if was_up == good {
            self.against.store(0, Ordering::Relaxed);
            return false;
        }
        let against = self.against.load(Ordering::Relaxed) + 1;
        let changes = against >= if good { healthy_after } else { unhealthy_after };
        self.against.store(if changes { 0 } else { against }, Ordering::Relaxed);
        if changes {
            self.fitness.store(if good { UP } else { DOWN }, Ordering::Relaxed);
        }
        changes
    }

    /// No checks are made any more: one that is down rests instead.
    pub(super) fn unchecked(&self) {
        let _other = self.fitness.compare_exchange(DOWN, RESTING, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// How many calls are under way.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.under_way.load(Ordering::Relaxed)
    }

    /// Counts a call.
    #[must_use]
    pub fn enter(self: &Arc<Self>) -> UnderWay {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        UnderWay(Arc::clone(self))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

fn since(resting: u64) -> Option<u32> {
    u32::try_from(resting.checked_sub(RESTING)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_address_rests_and_is_fit_again() {
        for now in [0, 7, u32::MAX - 1] {
            let state = EndpointState::default();
            assert!(state.is_fit(now) && state.failed(now, false));
            for second in 0..REST_S {
                assert!(!state.is_fit(now.wrapping_add(second)));
            }
            assert!(state.is_fit(now.wrapping_add(REST_S)) && !state.is_up());
            assert!(!state.failed(now.wrapping_add(REST_S), false), "it had not been reached since");
            assert!(state.connected() && state.is_fit(now) && state.is_up() && !state.connected());
        }
    }

    #[test]
    fn where_checks_are_made_only_they_bring_an_address_back() {
        let state = EndpointState::default();
        assert!(state.failed(3, true) && !state.connected());
        assert!(!state.is_fit(3 + REST_S));
        assert!(!state.checked(true, 2, 2) && state.checked(true, 2, 2) && state.is_fit(3));
    }

    #[test]
    fn only_checks_in_a_row_count() {
        let state = EndpointState::default();
        let seen = [false, true, false, false, true, false, true, true];
        let changes = seen.map(|good| state.checked(good, 2, 2));
        assert_eq!(changes, [false, false, false, true, false, false, false, true]);
        assert!(state.is_fit(0));
    }

    #[test]
    fn one_that_is_checked_no_more_is_tried_again() {
        let state = EndpointState::default();
        assert!(state.failed(0, true));
        state.unchecked();
        assert!(state.is_fit(REST_S));
    }

    #[test]
    fn calls_are_counted_until_they_end() {
        let state = Arc::new(EndpointState::default());
        let (first, second) = (state.enter(), state.enter());
        assert_eq!(state.under_way(), 2);
        drop(first);
        assert_eq!(state.under_way(), 1);
        drop(second);
        assert_eq!(state.under_way(), 0);
    }
}
