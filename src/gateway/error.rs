//! Why a candidate snapshot was not put in force.

use thiserror::Error;

use crate::admin::{AdminStoreError, Refused};
use crate::audit::AppendError;
use crate::model::document::Problems;

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
    #[error("the new snapshot could not be kept: {0}")]
    Store(#[from] AdminStoreError),
    /// Objects that came by API cannot be read any more. Each problem names its object; without them some call could be let through.
    #[error("what came by API and is kept cannot be used:\n{0}")]
    Stored(Problems),
}

/// A change that is not made. Everything is as it was.
#[derive(Debug, Error)]
pub enum AdminError {
    /// It is refused for what it asks.
    #[error("{0}")]
    Refused(#[from] Refused),
    /// What was written then cannot be used now.
    #[error("{0}")]
    Bad(Problems),
    /// It could not be recorded or kept.
    #[error("{0}")]
    Failed(#[from] PublishError),
}
