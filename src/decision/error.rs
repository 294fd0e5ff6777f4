//! Why a configuration could not become a snapshot.

use thiserror::Error;

/// A part of a sound configuration that cannot be used after all.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CompileError {
    /// Something of a route.
    #[error("route {route}: {what}")]
    Route {
        /// The route it belongs to.
        route: String,
        /// What cannot be used.
        what: String,
    },
    /// A key of another section.
    #[error("{key}: {what}")]
    Key {
        /// Its dotted path.
        key: &'static str,
        /// What cannot be used.
        what: String,
    },
}
