//! How long a connection goes on asking. Start reading at `Budget`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::load::Amount;

/// A connection that fails is opened again, but not for ever: a target that is down would otherwise be asked in a
/// tight loop.
pub(super) const MAX_ERRORS: u64 = 100;
/// How long a run by number may take. A run by time may take this longer than its time: a target that hangs must
/// not hang the driver.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is left for one connection to ask; the streams of a connection share it.
#[derive(Debug)]
pub(super) struct Budget {
    deadline: Instant,
    give_up: Instant,
    left: AtomicU64,
}

impl Budget {
    /// For a connection with `lanes` requests under way at a time, in a run that began at `started`.
    pub(super) fn new(amount: Amount, started: Instant, lanes: usize) -> Budget {
        let (time, left) = match amount {
            Amount::Time(time) => (time, u64::MAX),
            Amount::Each(requests) => (PATIENCE, requests.saturating_mul(lanes as u64)),
        };
        let deadline = started + time;
        Budget { deadline, give_up: deadline + PATIENCE, left: AtomicU64::new(left) }
    }

    /// Whether there is anything left to ask.
    pub(super) fn is_open(&self) -> bool {
        self.left.load(Ordering::Relaxed) > 0 && Instant::now() < self.deadline
    }

    /// Takes one request out; false when it is enough.
    pub(super) fn take(&self) -> bool {
        let one_less = |left: u64| left.checked_sub(1);
        Instant::now() < self.deadline
            && self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok()
    }

    /// When an answer is not waited for any longer.
    pub(super) fn give_up(&self) -> tokio::time::Instant {
        self.give_up.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_requests_is_used_up() {
        let budget = Budget::new(Amount::Each(2), Instant::now(), 2);
        assert_eq!((0..6).filter(|_| budget.take()).count(), 4);
        assert!(!budget.is_open());
    }

    #[test]
    fn a_time_that_is_over_allows_nothing() {
        let budget = Budget::new(Amount::Time(Duration::ZERO), Instant::now(), 1);
        assert!(!budget.take() && !budget.is_open());
        assert!(Budget::new(Amount::Time(PATIENCE), Instant::now(), 1).take());
    }
}
