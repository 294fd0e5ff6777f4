//! Where runs are kept. `store/` implements it.

use std::fmt::Debug;

use crate::admin::{AdminStoreError, GenerationRun};
use crate::model::time::Timestamp;

/// Keeps runs. Every call blocks; what it did is durable when it returns.
pub trait GenerationStore: Debug + Send + Sync {
    /// Puts a run in the place of the one with its id, or of nothing.
    ///
    /// # Errors
    /// The store failed.
    fn put_run(&self, run: &GenerationRun) -> Result<(), AdminStoreError>;

    /// The run of that id.
    ///
    /// # Errors
    /// The store failed, or what it has cannot be read.
    fn find_run(&self, id: &str) -> Result<Option<GenerationRun>, AdminStoreError>;

    /// Every run of an engine, the oldest first, without what came of it.
    ///
    /// # Errors
    /// The store failed, or what it has cannot be read.
    fn runs_of(&self, engine: &str) -> Result<Vec<GenerationRun>, AdminStoreError>;

    /// Takes a run away, if it is there.
    ///
    /// # Errors
    /// The store failed.
    fn remove_run(&self, id: &str) -> Result<(), AdminStoreError>;

    /// Forgets runs that were asked for before `before`.
    ///
    /// # Errors
    /// The store failed.
    fn forget_runs(&self, before: Timestamp) -> Result<(), AdminStoreError>;

    /// Forgets runs that were asked for before `before`, and says of those that are under way that they failed with `outcome`, at `now`.
    /// For a start: nothing is under way then.
    ///
    /// # Errors
    /// The store failed.
    fn tidy_runs(&self, before: Timestamp, outcome: &str, now: Timestamp) -> Result<(), AdminStoreError>;
}
