//! What a decision takes of limits, and what is remembered of the caller's conduct.

use crate::audit::AppendError;
use crate::facts::{Reservation, Who, who};
use crate::gateway::Gateway;
use crate::model::call::DecisionRequest;
use crate::model::time::Timestamp;

/// What was taken of limits is spent with the decision's record, and given back where the ledger surely has none.
pub(in crate::gateway) fn settle(reservation: Option<Reservation>, recorded: &Result<(), AppendError>) {
    let may_be_in = matches!(recorded, Ok(()) | Err(AppendError::Deadline | AppendError::NotDurable));
    if let Some(reservation) = reservation.filter(|_| may_be_in) {
        reservation.spend();
    }
}

impl Gateway {
    /// A call was let through: it counts for its caller's conduct.
    pub(in crate::gateway) fn let_through(&self, request: DecisionRequest<'_, '_>, now: Timestamp) {
        if let Some(who) = who(request) {
            self.facts.live().let_through(&who, now);
        }
    }

    /// What became of a call was reported.
    pub(in crate::gateway) fn reported(&self, who: &Who, failed: bool, now: Timestamp) {
        self.facts.live().reported(who, failed, now);
    }
}
