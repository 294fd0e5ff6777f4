//! Who stores a policy that comes over HTTP, and who goes back to an earlier one: the assembly, which knows the files.

use std::fmt::Debug;

use thiserror::Error;

use crate::admin::By;
use crate::gateway::AdminError;
use crate::model::decision::SnapshotRef;

/// Puts a policy in force and keeps it.
pub trait PolicyWriter: Debug + Send + Sync {
    /// Replaces the whole policy by the one in `text` (YAML, of which JSON is a part), for `by`; returns how many rules it has.
    /// It is in force, recorded and stored when this returns. Blocks: for `spawn_blocking`.
    ///
    /// # Errors
    /// [`PolicyRefused`]; the policy in force stays.
    fn replace(&self, text: &str, by: &str) -> Result<usize, PolicyRefused>;
}

/// Why a policy was not put in force.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PolicyRefused {
    /// What is wrong with it.
    #[error("the policy is refused")]
    Bad {
        /// Line and sentence of the first hundred problems.
        problems: Vec<(Option<usize>, String)>,
        /// How many more there are.
        more: usize,
    },
    /// It could not be recorded or stored.
    #[error("{0}")]
    Unavailable(String),
}

/// Puts the rules and governance objects of an earlier snapshot in force again.
pub trait SnapshotRollback: Debug + Send + Sync {
    /// Makes a new snapshot with the rules and governance objects of the one of `version`, for `by`; returns which. It is in force,
    /// recorded and stored when this returns. Blocks: for `spawn_blocking`.
    ///
    /// # Errors
    /// It is not: everything is as it was.
    fn roll_back(&self, version: u64, by: &By) -> Result<SnapshotRef, AdminError>;
}
