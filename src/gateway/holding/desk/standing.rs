//! How a call that wants a person stands: its hold is found or opened, and its approval used up.

use std::sync::Arc;

use crate::facts::{Deciding, Exceeded, LaterCharge, Reservation};
use crate::gateway::holding::{Consumed, HoldDesk, WaitPlace};
use crate::holds::{Ask, Ended, Hold, Limits, Named, Standing, StoreError, Waiter};
use crate::model::id::Id;

/// How often a hold is looked at again because others used its approval up and gave it back.
const TRIES: usize = 4;

/// How a call stands at the desk.
#[derive(Debug)]
pub(in crate::gateway) enum Stood {
    /// Its approval is used up, by and for it; and what was taken for it.
    Approved(Id, Consumed, Option<Reservation>),
    /// It is approved, and a limit has no room for it for now. The approval stays good.
    Exceeded(Hold, Exceeded),
    /// Its hold waits for approvers. With a place to wait, if one was asked for and free.
    Pending(Hold, Option<Waiter>),
    /// Policy wants nobody asked by now. The hold that the call waited for, if there is one, is given up.
    Unneeded(Option<Id>),
    /// Nothing becomes of it.
    Ended(Ended),
}

/// What letting a call through takes of limits.
#[derive(Clone, Copy, Debug)]
pub(in crate::gateway) struct Charging<'c> {
    pub(in crate::gateway) facts: &'c Deciding,
    /// `None`: nothing, or it was taken already.
    pub(in crate::gateway) charge: Option<&'c LaterCharge>,
}

impl HoldDesk {
    /// Finds the hold of the call that `ask` describes, pending or approved, or opens one. No approval is used up.
    ///
    /// # Errors
    /// The store failed.
    pub(in crate::gateway) async fn ask(
        self: &Arc<Self>,
        ask: &Arc<Ask>,
        limits: Limits,
    ) -> Result<Result<Hold, Ended>, StoreError> {
        let (claimed, _no_waiter) = self.claim(Arc::clone(ask), Named::No, limits, None).await?;
        Ok(match claimed.standing {
            Standing::Pending(hold) | Standing::Approved(hold) => Ok(hold),
            Standing::Ended(ended) => Err(ended),
            // Only what asks for nothing is not needed.
            Standing::Unneeded => Err(Ended::Foreign),
        })
    }

    /// Finds the hold of the call that `ask` describes or opens one, and uses its approval up if it has one. Of several calls that want
    /// one approval the first gets it; to the others it is consumed, unless the first gives it back meanwhile.
    pub(in crate::gateway) async fn stand(
        self: &Arc<Self>,
        ask: &Arc<Ask>,
        named: Named,
        limits: Limits,
        place: Option<WaitPlace>,
        charging: Charging<'_>,
    ) -> Result<Stood, StoreError> {
        for _try in 0..TRIES {
            let (claimed, waiter) = self.claim(Arc::clone(ask), named, limits, place.clone()).await?;
            let hold = match claimed.standing {
                Standing::Approved(hold) => hold,
                Standing::Pending(hold) if ask.lifts.is_empty() => {
                    if self.drop_unheard(hold.id, true).await? {
                        return Ok(Stood::Unneeded(Some(hold.id)));
                    }
                    // Approved this very moment: that is what it is let through by.
                    continue;
                }
                Standing::Pending(hold) => return Ok(Stood::Pending(hold, waiter)),
                Standing::Unneeded => return Ok(Stood::Unneeded(None)),
                Standing::Ended(ended) => return Ok(Stood::Ended(ended)),
            };
            // Taken before the approval is used up, and given back with it.
            let taken = charging.charge.map(|charge| charging.facts.take(charge, self.clock.now()));
            let reservation = match taken.transpose() {
                Ok(reservation) => reservation,
                Err(exceeded) => return Ok(Stood::Exceeded(hold, exceeded)),
            };
            if let Some(consumed) = self.consume(&hold, &ask.decision_id).await? {
                return Ok(Stood::Approved(hold.id, consumed, reservation));
            }
            // Another call used the approval up first. Should that one give it back, it is good for this one.
            let taken = self.look(hold.id).await?;
            if let Some(taken) = taken.filter(|taken| taken.consumed_by.is_some()) {
                return Ok(Stood::Ended(Ended::Consumed(taken)));
            }
        }
        Err(StoreError::OneHold("the hold of this call changes too often".to_owned()))
    }
}
