//! Why a configuration could not become a snapshot.

use thiserror::Error;

/// A part of a sound configuration that cannot be used after all.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("route {route}: {what}")]
pub struct CompileError {
    /// The route it belongs to.
    pub route: String,
    /// What cannot be used.
    pub what: String,
}
