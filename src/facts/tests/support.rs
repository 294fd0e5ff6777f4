//! What is taken of grants.

use std::sync::Arc;

use crate::facts::{Exceeded, Live, Reservation, Who};
use crate::model::decision::RateLimit;
use crate::model::time::Timestamp;

/// Takes one use of a grant that allows `rate`.
pub(super) fn commit(
    live: &Arc<Live>,
    who: &Who,
    rate: RateLimit,
    now: Timestamp,
) -> Result<Reservation, Exceeded> {
    live.reserve(Some((*who, rate)), None, now)
}

/// When what was taken of a grant counts as used.
pub(super) fn taken_at(reservation: &Reservation) -> Timestamp {
    reservation.charged().grant.unwrap().at
}
