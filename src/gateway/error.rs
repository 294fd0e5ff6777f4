//! Why a candidate snapshot was not put in force.

use thiserror::Error;

use crate::admin::KeyStoreError;
use crate::audit::AppendError;

/// A candidate that was refused; the snapshot in force stays.
#[derive(Debug, Error)]
pub enum PublishError {
    /// The candidate could not be compiled.
    #[error("the new snapshot could not be compiled")]
    NotBuilt,
    /// The change could not be recorded, so it does not happen.
    #[error("the new snapshot could not be recorded in the ledger: {0}")]
    Ledger(#[from] AppendError),
    /// The change could not be kept, so it does not happen; the ledger says so.
    #[error("the change could not be kept: {0}")]
    Keys(#[from] KeyStoreError),
}
