//! A store of answers in memory, for tests.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::admin::AdminStoreError;
use crate::admin::replay::{REPLAY_LASTS, Replay, ReplayRequest, ReplayStore};
use crate::model::time::Timestamp;

/// Keeps everything, and fails when it is told to.
#[derive(Debug, Default)]
pub(crate) struct MemoryReplayStore {
    kept: Mutex<HashMap<[u8; 32], (Replay, Timestamp)>>,
    pub(crate) fails: AtomicBool,
}

impl MemoryReplayStore {
    fn works(&self) -> Result<(), AdminStoreError> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(AdminStoreError("the disk is on fire".to_owned()));
        }
        Ok(())
    }
}

impl ReplayStore for MemoryReplayStore {
    fn find(&self, scope: &[u8; 32], now: Timestamp) -> Result<Option<Replay>, AdminStoreError> {
        self.works()?;
        let kept = self.kept.lock().unwrap();
        Ok(kept.get(scope).filter(|(_, until)| now < *until).map(|(replay, _)| replay.clone()))
    }

    fn keep(&self, request: &ReplayRequest, replay: &Replay, now: Timestamp) -> Result<(), AdminStoreError> {
        self.works()?;
        self.kept.lock().unwrap().insert(request.scope, (replay.clone(), now.after(REPLAY_LASTS)));
        Ok(())
    }
}
