//! Runs in memory, for tests.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::admin::{AdminStoreError, GenerationRun, GenerationState, GenerationStore};
use crate::model::time::Timestamp;

/// A store that is gone with the process.
#[derive(Debug, Default)]
pub(crate) struct MemoryGenerationStore(Mutex<BTreeMap<Arc<str>, GenerationRun>>);

impl GenerationStore for MemoryGenerationStore {
    fn put_run(&self, run: &GenerationRun) -> Result<(), AdminStoreError> {
        self.0.lock().unwrap().insert(Arc::clone(&run.id), run.clone());
        Ok(())
    }

    fn find_run(&self, id: &str) -> Result<Option<GenerationRun>, AdminStoreError> {
        Ok(self.0.lock().unwrap().get(id).cloned())
    }

    fn runs_of(&self, engine: &str) -> Result<Vec<GenerationRun>, AdminStoreError> {
        let runs = self.0.lock().unwrap();
        let of = runs.values().filter(|run| &*run.engine == engine);
        let mut found: Vec<_> = of.map(|run| GenerationRun { outcome: None, ..run.clone() }).collect();
        found.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
        Ok(found)
    }

    fn remove_run(&self, id: &str) -> Result<(), AdminStoreError> {
        self.0.lock().unwrap().remove(id);
        Ok(())
    }

    fn forget_runs(&self, before: Timestamp) -> Result<(), AdminStoreError> {
        self.0.lock().unwrap().retain(|_, run| run.created_at >= before);
        Ok(())
    }

    fn tidy_runs(&self, before: Timestamp, outcome: &str, now: Timestamp) -> Result<(), AdminStoreError> {
        self.forget_runs(before)?;
        let mut runs = self.0.lock().unwrap();
        for run in runs.values_mut().filter(|run| run.state == GenerationState::Generating) {
            run.state = GenerationState::Failed;
            run.outcome = Some(outcome.to_owned());
            run.updated_at = now;
        }
        Ok(())
    }
}
