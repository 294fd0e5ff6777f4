//! L3: a call that waits for a human.
//!
//! May import L0 to L2. A [`Hold`] is bound to one call by its digest and to the findings its approvers saw. [`claim`] finds
//! the hold of a repeated call or opens one; `state.rs` has every change a hold can go through, as pure functions; a
//! [`HoldStore`] replaces a hold only while nobody else has changed it, which is what makes an approval good for one
//! execution at most; [`Waiters`] wakes the requests that wait; `overrides/` has what people do about evaluations of changes, of which
//! nothing waits. Start reading at `hold.rs`.

mod approver;
mod claim;
mod hold;
mod overrides;
mod state;
mod store;
mod waiters;

#[cfg(test)]
mod memory;
#[cfg(test)]
mod tests;

pub use approver::Approver;
pub use claim::{Claim, Ended, Limit, Limits, Named, Standing, claim};
pub use hold::{Approval, Ask, Decided, Hold, HoldState, Lift, ShownArguments, shown_resource};
pub use overrides::{
    EXPIRED_OVERRIDE_KEPT, MessageHash, OVERRIDE_LASTS, Override, OverrideAsk, OverrideMessage,
    OverrideRefused, OverrideState, OverrideStore, OverrideVote,
};
pub use state::ChangeRefused;
pub use store::{HoldCounts, HoldFilter, HoldPage, HoldStore, Inserted, PendingCounts, StoreError};
pub use waiters::{Entrant, RequestKey, WaitLimits, Waiter, Waiters, Woken};

#[cfg(test)]
pub(crate) use memory::MemoryStore;
#[cfg(test)]
pub(crate) use overrides::MemoryOverrideStore;
#[cfg(test)]
pub(crate) use tests::{model, sample};
