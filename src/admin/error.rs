//! Why something is not changed.

use std::sync::Arc;

use thiserror::Error;

/// A change that is refused for what it asks. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refused {
    /// The key is a tenant's, and the object is the deployment's or another tenant's.
    #[error(
        "The key belongs to tenant {tenant} and changes only what names that tenant; what holds for everybody takes a key of tenant default."
    )]
    Forbidden {
        /// The key's tenant.
        tenant: Arc<str>,
    },
    /// There is no such object.
    #[error("There is no such {kind}.")]
    NotFound {
        /// What kind of object.
        kind: &'static str,
    },
    /// There is one already.
    #[error("There is a {kind} of that name already: {id}.")]
    Exists {
        /// What kind of object.
        kind: &'static str,
        /// Its id.
        id: Arc<str>,
    },
    /// It is written in a file, which goes before the API.
    #[error("This {kind} is written in {file}: change it there.")]
    FromFile {
        /// What kind of object.
        kind: &'static str,
        /// The file.
        file: Arc<str>,
    },
    /// A policy would go to another tenant.
    #[error("A policy stays with its tenant. Make another one, and disable this.")]
    OtherTenant,
    /// It was changed since it was read.
    #[error("It was changed meanwhile: {}.", standing(*.version))]
    Stale {
        /// The version it has; `None`: there is none.
        version: Option<u64>,
    },
    /// There are as many objects as there may be.
    #[error("There are {most} objects already, and there may be no more.")]
    Full {
        /// How many there may be.
        most: usize,
    },
    /// The regular expressions of the policies would take too much memory.
    #[error(
        "The regular expressions in the policies of one tenant, and in those of the deployment, take at most {most} bytes compiled, and these would take more."
    )]
    Patterns {
        /// How much they may, in bytes.
        most: usize,
    },
    /// One change names an object twice.
    #[error("The {kind} {id} is named twice, and one change does one thing with it.")]
    Repeated {
        /// What kind of object.
        kind: &'static str,
        /// Its id.
        id: Arc<str>,
    },
    /// The engine is the one that takes part in decisions.
    #[error(
        "The policy engine {engine} decides calls: without it every call would be denied. Choose another one first, or say force=true."
    )]
    Enforcing {
        /// Its name.
        engine: Arc<str>,
    },
    /// No snapshot has that version.
    #[error("There is no snapshot of that version.")]
    NoSnapshot,
    /// Going back would let go what is stopped now.
    #[error(
        "{what} is stopped by {file}, and was not in that snapshot: going back never lets go what is stopped. Change the file first."
    )]
    Stopped {
        /// The actor or kill switch.
        what: String,
        /// The file.
        file: Arc<str>,
    },
}

fn standing(version: Option<u64>) -> String {
    match version {
        Some(version) => format!("it has version {version} now"),
        None => "there is none now".to_owned(),
    }
}

/// The store did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the store of administered objects failed: {0}")]
pub struct AdminStoreError(pub String);
