//! What is remembered: sessions, uses of grants, the conduct of callers, and all of it over a restart.

mod checkpoints;
mod conduct;
mod rates;
mod sessions;
mod shared;
mod threads;

use std::sync::Arc;

use crate::facts::{Exceeded, Live, Reservation, Who};
use crate::model::decision::RateLimit;
use crate::model::time::Timestamp;

/// Takes one use of a grant that allows `rate`.
fn commit(live: &Arc<Live>, who: &Who, rate: RateLimit, now: Timestamp) -> Result<Reservation, Exceeded> {
    live.reserve(Some((*who, rate)), None, now)
}

/// When what was taken of a grant counts as used.
fn taken_at(reservation: &Reservation) -> Timestamp {
    reservation.charged().grant.unwrap().at
}
