//! Overrides in memory, for tests: the plainest store there is.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::holds::StoreError;
use crate::holds::overrides::{EXPIRED_OVERRIDE_KEPT, Override, OverrideStore};
use crate::model::id::Id;
use crate::model::time::Timestamp;

/// A store that is gone with the process, and fails when it is told to.
#[derive(Debug, Default)]
pub(crate) struct MemoryOverrideStore {
    overrides: Mutex<HashMap<Id, Override>>,
    /// Nothing can be written.
    pub(crate) fails: AtomicBool,
}

impl OverrideStore for MemoryOverrideStore {
    fn find_override(&self, decision_id: &Id) -> Result<Option<Override>, StoreError> {
        Ok(self.overrides.lock().unwrap().get(decision_id).cloned())
    }

    fn replace_override(&self, next: &Override, now: Timestamp) -> Result<bool, StoreError> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(StoreError::Failed("the disk is on fire".to_owned()));
        }
        let mut overrides = self.overrides.lock().unwrap();
        let before = overrides.get(&next.decision_id).map_or(0, |before| before.revision);
        if before + 1 != next.revision {
            return Ok(false);
        }
        overrides.insert(next.decision_id, next.clone());
        overrides.retain(|_, kept| kept.is_granted() || kept.expires_at.after(EXPIRED_OVERRIDE_KEPT) > now);
        Ok(true)
    }
}
