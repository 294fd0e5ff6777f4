//! `provider: noop`: engines and policies are kept, and nothing is done with them.

use serde_json::Value;

use crate::admin::{By, CedarChange, Change, GenerationRun};
use crate::gateway::{Administrator, Applied, GenerationRefused, PolicyProvider, ProviderError};
use crate::model::time::Timestamp;
use crate::policy::cedar::Engine;
use crate::policy::engines::CedarEngines;
use crate::policy::generation::{Simulation, Window};

/// Keeps engines and policies: no call is put to them, and none are made of records.
#[derive(Debug)]
pub struct Noop {
    administrator: Administrator,
}

const NAME: &str = "noop";

impl Noop {
    /// What is administered by `administrator`.
    #[must_use]
    pub const fn new(administrator: Administrator) -> Self {
        Self { administrator }
    }
}

impl PolicyProvider for Noop {
    fn name(&self) -> &'static str {
        NAME
    }

    fn engines(&self) -> CedarEngines {
        self.administrator.engines()
    }

    fn change(&self, change: CedarChange, by: &By, now: Timestamp) -> Result<Applied, ProviderError> {
        // Whoever chose an engine would believe that it decides.
        if matches!(change, CedarChange::Enforce(_)) {
            return Err(ProviderError::Unsupported { provider: NAME, what: "enforces nothing" });
        }
        Ok(self.administrator.apply(Change::Cedar(change), by, now)?)
    }

    fn start_run(
        &self,
        _engine: &str,
        _of: (&Value, String),
        _by: &By,
    ) -> Result<GenerationRun, GenerationRefused> {
        Err(GenerationRefused::Unsupported)
    }

    fn runs(&self, _engine: &str) -> Result<Vec<GenerationRun>, GenerationRefused> {
        Err(GenerationRefused::Unsupported)
    }

    fn run(&self, _engine: &str, _id: &str) -> Result<GenerationRun, GenerationRefused> {
        Err(GenerationRefused::Unsupported)
    }

    fn remove_run(&self, _engine: &str, _id: &str) -> Result<(), GenerationRefused> {
        Err(GenerationRefused::Unsupported)
    }

    fn simulate(
        &self,
        _of: (&str, &str),
        _draft: &Engine,
        _over: (Window, usize),
    ) -> Result<Simulation, GenerationRefused> {
        Err(GenerationRefused::Unsupported)
    }
}
