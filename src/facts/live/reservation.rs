//! Uses that are taken for a call, and not yet certain.

use std::sync::Arc;

use thiserror::Error;

use crate::facts::live::uses::Taken;
use crate::facts::{Live, Who};
use crate::model::decision::{Charged, GrantCharged, RateLimit, ReasonCode, SharedCharge, SharedCharged};
use crate::model::time::Timestamp;

/// What is taken for one call: of its caller's grant, of the limits that all callers of its capability share, or of both. Dropped, it
/// is given back; spent, it counts.
#[derive(Debug)]
#[must_use = "dropped, what was taken is given back"]
pub struct Reservation {
    live: Arc<Live>,
    grant: Option<(Who, RateLimit, Taken)>,
    shared: Option<(Who, SharedCharge, Taken)>,
    spent: bool,
}

/// Which limit has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limited {
    /// The rate of the caller's grant.
    Grant,
    /// One that all callers of the capability share.
    Shared,
}

/// A limit that has no room for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{} {} calls {}in {} seconds, and they are used up. Try again later.", .of.begin(), .rate.max_requests, .of.what(), .rate.window_s)]
pub struct Exceeded {
    /// Which.
    pub of: Limited,
    /// What it allows.
    pub rate: RateLimit,
    /// From when on there is room, if none is used meanwhile.
    pub until: Timestamp,
}

impl Limited {
    const fn begin(self) -> &'static str {
        match self {
            Self::Grant => "The caller's grant allows",
            Self::Shared => "All callers together may make",
        }
    }

    const fn what(self) -> &'static str {
        match self {
            Self::Grant => "",
            Self::Shared => "of this capability ",
        }
    }
}

impl Exceeded {
    /// The code of a refusal for it.
    #[must_use]
    pub const fn code(&self) -> ReasonCode {
        match self.of {
            Limited::Grant => ReasonCode::GrantRateExceeded,
            Limited::Shared => ReasonCode::SharedLimitExceeded,
        }
    }
}

impl Live {
    /// Takes one use of a grant and one of what all callers share, as far as they are given, or nothing. Of each it is checked and
    /// taken in one step, so that there are never more than `max_requests` in any time of `window_s` seconds, whoever else takes. A
    /// use counts until it is exactly that old. A clock that goes back refills nothing.
    ///
    /// # Errors
    /// A limit has no room, or there are as many as can be counted.
    pub fn reserve(
        self: &Arc<Self>,
        grant: Option<(Who, RateLimit)>,
        shared: Option<(Who, SharedCharge)>,
        now: Timestamp,
    ) -> Result<Reservation, Exceeded> {
        let exceeded = |of| move |(rate, until)| Exceeded { of, rate, until: Timestamp::from_micros(until) };
        // What was taken already is given back where the rest cannot be.
        let mut taken = Reservation { live: Arc::clone(self), grant: None, shared: None, spent: false };
        // The grant first: what is taken of it for a moment keeps nobody but its own caller out.
        if let Some((who, rate)) = grant {
            let use_of_grant = self.take(&who, std::iter::once(rate), rate.max_requests, now);
            taken.grant = Some((who, rate, use_of_grant.map_err(exceeded(Limited::Grant))?));
        }
        if let Some((who, charge)) = shared {
            let within = charge.within.iter().copied().flatten();
            let one_use = self.take(&who, within, charge.max_requests, now);
            taken.shared = Some((who, charge, one_use.map_err(exceeded(Limited::Shared))?));
        }
        Ok(taken)
    }
}

impl Reservation {
    /// What the call's record says of it. A use counts from the time it was taken, or from the latest time known of its limit where
    /// the clock stands before that. The record says that time, so that a state made again from records is never milder.
    #[must_use]
    pub fn charged(&self) -> Charged {
        let at = |taken: Taken| Timestamp::from_micros(taken.at);
        Charged {
            grant: self.grant.map(|(_, rate, taken)| GrantCharged { rate, at: at(taken) }),
            shared: self.shared.map(|(_, SharedCharge { max_requests, .. }, taken)| SharedCharged {
                max_requests,
                at: at(taken),
            }),
        }
    }

    /// The call is let through: what was taken counts from now on.
    pub fn spend(mut self) {
        self.spent = true;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.spent {
            return;
        }
        let grant = self.grant.map(|(who, _, taken)| (who, taken));
        let shared = self.shared.map(|(who, _, taken)| (who, taken));
        for (who, taken) in grant.into_iter().chain(shared) {
            self.live.give_back(&who, taken);
        }
    }
}
