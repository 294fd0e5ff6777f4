//! `provider: embedded`: engines live in the gateway's own store and decide in its own process.

use std::sync::Arc;

use serde_json::Value;

use crate::admin::{By, CedarChange, Change, GenerationRun};
use crate::gateway::{
    Administrator, Applied, GenerationDesk, GenerationRefused, PolicyProvider, ProviderError,
};
use crate::model::time::Timestamp;
use crate::policy::cedar::Engine;
use crate::policy::engines::CedarEngines;
use crate::policy::generation::{Simulation, Window};

/// Keeps engines with everything else that is administered, enforces one of them, and makes policies of the ledger.
#[derive(Debug)]
pub struct Embedded {
    administrator: Administrator,
    desk: Arc<GenerationDesk>,
}

impl Embedded {
    /// What is administered by `administrator`, with policies made at `desk`.
    #[must_use]
    pub const fn new(administrator: Administrator, desk: Arc<GenerationDesk>) -> Self {
        Self { administrator, desk }
    }
}

impl PolicyProvider for Embedded {
    fn name(&self) -> &'static str {
        "embedded"
    }

    fn engines(&self) -> CedarEngines {
        self.administrator.engines()
    }

    fn change(&self, change: CedarChange, by: &By, now: Timestamp) -> Result<Applied, ProviderError> {
        Ok(self.administrator.apply(Change::Cedar(change), by, now)?)
    }

    fn start_run(
        &self,
        engine: &str,
        of: (&Value, String),
        by: &By,
    ) -> Result<GenerationRun, GenerationRefused> {
        self.desk.start(engine, of, by)
    }

    fn runs(&self, engine: &str) -> Result<Vec<GenerationRun>, GenerationRefused> {
        self.desk.list(engine)
    }

    fn run(&self, engine: &str, id: &str) -> Result<GenerationRun, GenerationRefused> {
        self.desk.find(engine, id)
    }

    fn remove_run(&self, engine: &str, id: &str) -> Result<(), GenerationRefused> {
        self.desk.remove(engine, id)
    }

    fn simulate(
        &self,
        of: (&str, &str),
        draft: &Engine,
        over: (Window, usize),
    ) -> Result<Simulation, GenerationRefused> {
        self.desk.simulate(of, draft, over)
    }
}
