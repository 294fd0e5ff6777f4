//! Where overrides are kept. `store/` implements it.

use std::fmt::Debug;
use std::time::Duration;

use crate::holds::StoreError;
use crate::holds::overrides::Override;
use crate::model::id::Id;
use crate::model::time::Timestamp;

/// How long an override that ran out can still be seen.
pub const EXPIRED_OVERRIDE_KEPT: Duration = Duration::from_hours(7 * 24);

/// Keeps overrides, one for each evaluation. Every call blocks; what it did is durable when it returns.
pub trait OverrideStore: Debug + Send + Sync {
    /// The override of an evaluation.
    ///
    /// # Errors
    /// The store failed, or what it has cannot be read.
    fn find_override(&self, decision_id: &Id) -> Result<Option<Override>, StoreError>;

    /// Puts `next` in the place of its revision before, or of nothing if it is the first, in one step; false when that is not what is
    /// there. Those that ran out [`EXPIRED_OVERRIDE_KEPT`] before `now` are forgotten along with it, those granted never.
    ///
    /// # Errors
    /// The store failed; whether the override was replaced is not known then.
    fn replace_override(&self, next: &Override, now: Timestamp) -> Result<bool, StoreError>;
}
