//! A use of a grant that is taken, and not yet certain.

use std::sync::Arc;

use crate::facts::live::uses::Taken;
use crate::facts::{Live, Who};
use crate::model::decision::{Charged, RateLimit};
use crate::model::time::Timestamp;

/// One use of a grant's rate, taken. Dropped, it is given back; spent, it counts.
#[derive(Debug)]
#[must_use = "dropped, the use is given back"]
pub struct Reservation {
    live: Arc<Live>,
    who: Who,
    rate: RateLimit,
    taken: Taken,
    spent: bool,
}

impl Reservation {
    pub(super) const fn new(live: Arc<Live>, who: Who, rate: RateLimit, taken: Taken) -> Self {
        Self { live, who, rate, taken, spent: false }
    }

    /// What the call's record says of it.
    #[must_use]
    pub fn charged(&self) -> Charged {
        Charged { rate: self.rate, at: self.at() }
    }

    /// When it counts as used: the time of the commit, or the latest time known of the grant where the clock stands before that. The
    /// charge's record says this time, so that a state made again from records is never milder.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        Timestamp::from_micros(self.taken.at)
    }

    /// The call is let through: the use counts from now on.
    pub fn spend(mut self) {
        self.spent = true;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.spent {
            self.live.give_back(&self.who, self.taken);
        }
    }
}
