//! [`PolicyProvider`]: what the policy API can ask of whoever keeps engines and policies.

use std::fmt::Debug;

use serde_json::Value;
use thiserror::Error;

use crate::admin::{By, CedarChange, GenerationRun};
use crate::gateway::{AdminError, Applied, GenerationRefused};
use crate::model::time::Timestamp;
use crate::policy::cedar::Engine;
use crate::policy::engines::CedarEngines;
use crate::policy::generation::{Simulation, Window};

/// Who keeps Cedar engines with their policies, and makes policies of what agents do. The policy API has no other way to them.
///
/// Everything but [`engines`](Self::engines) blocks: for `spawn_blocking`. A provider elsewhere (AWS's AgentCore is one) would answer with
/// the same objects: they have its statuses, and assets and findings are named as there.
pub trait PolicyProvider: Debug + Send + Sync {
    /// Its name in the configuration.
    fn name(&self) -> &'static str;

    /// Its engines and their policies, as they stand.
    fn engines(&self) -> CedarEngines;

    /// Makes a change of engines, of policies, or of which engine takes part in decisions. It is in force when this returns.
    ///
    /// # Errors
    /// It is not made, and everything is as it was.
    fn change(&self, change: CedarChange, by: &By, now: Timestamp) -> Result<Applied, ProviderError>;

    /// Begins a run that makes policies for `engine` as the configuration `of.0` asks, over the records of the tenant `of.1`. It is answered
    /// as it stands: under way.
    ///
    /// # Errors
    /// [`GenerationRefused`].
    fn start_run(
        &self,
        engine: &str,
        of: (&Value, String),
        by: &By,
    ) -> Result<GenerationRun, GenerationRefused>;

    /// The runs of `engine`, the oldest first.
    ///
    /// # Errors
    /// [`GenerationRefused`].
    fn runs(&self, engine: &str) -> Result<Vec<GenerationRun>, GenerationRefused>;

    /// One run of `engine`.
    ///
    /// # Errors
    /// [`GenerationRefused`].
    fn run(&self, engine: &str, id: &str) -> Result<GenerationRun, GenerationRefused>;

    /// Takes a run away that has ended; nothing where there is none.
    ///
    /// # Errors
    /// [`GenerationRefused`].
    fn remove_run(&self, engine: &str, id: &str) -> Result<(), GenerationRefused>;

    /// What the recorded calls of the tenant `of.1` would have come to under `draft` instead of the policies of the engine `of.0`, in a
    /// window, with so many examples.
    ///
    /// # Errors
    /// [`GenerationRefused`].
    fn simulate(
        &self,
        of: (&str, &str),
        draft: &Engine,
        over: (Window, usize),
    ) -> Result<Simulation, GenerationRefused>;
}

/// Why a provider did not make a change.
#[derive(Debug, Error)]
pub enum ProviderError {
    /// It cannot do that.
    #[error("policy.cedar.provider is {provider}, which {what}")]
    Unsupported {
        /// Its name.
        provider: &'static str,
        /// What it cannot do.
        what: &'static str,
    },
    /// It was refused, or failed.
    #[error("{0}")]
    Admin(#[from] AdminError),
}
