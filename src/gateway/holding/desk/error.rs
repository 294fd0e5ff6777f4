//! Why a hold was not decided.

use thiserror::Error;

use crate::audit::AppendError;
use crate::holds::{ChangeRefused, Hold, StoreError};

/// Why something asked of a hold was not done.
#[derive(Debug, Error)]
pub enum HoldError {
    /// There is none of that id for whoever asks.
    #[error("There is no such hold.")]
    NotFound,
    /// It may not be done, or not any more. The hold is as it stands.
    #[error("{0}")]
    Refused(ChangeRefused, Box<Hold>),
    /// The store failed; nothing is known to have changed.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The ledger took no record, so nothing has changed.
    #[error("the change was not recorded and does not hold: {0}")]
    Ledger(#[from] AppendError),
}
