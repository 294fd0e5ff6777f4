//! A store of answers in memory, for tests.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::admin::AdminStoreError;
use crate::admin::replay::{Kept, REPLAY_LASTS, Replay, ReplayRequest, ReplayStore};
use crate::model::time::Timestamp;

/// Keeps everything, and fails when it is told to.
#[derive(Debug, Default)]
pub(crate) struct MemoryReplayStore {
    kept: Mutex<HashMap<[u8; 32], (Kept, Timestamp)>>,
    /// Nothing can be written.
    pub(crate) fails: AtomicBool,
    /// Nothing can be read.
    pub(crate) unreadable: AtomicBool,
    /// Claims stay: nothing can be put in their place.
    pub(crate) stuck: AtomicBool,
}

fn works(fails: &AtomicBool) -> Result<(), AdminStoreError> {
    if fails.load(Ordering::SeqCst) {
        return Err(AdminStoreError("the disk is on fire".to_owned()));
    }
    Ok(())
}

impl MemoryReplayStore {
    fn put(&self, scope: [u8; 32], kept: Kept, now: Timestamp) -> Result<(), AdminStoreError> {
        works(&self.fails)?;
        self.kept.lock().unwrap().insert(scope, (kept, now.after(REPLAY_LASTS)));
        Ok(())
    }
}

impl ReplayStore for MemoryReplayStore {
    fn find(&self, scope: &[u8; 32], now: Timestamp) -> Result<Option<Kept>, AdminStoreError> {
        works(&self.unreadable)?;
        let kept = self.kept.lock().unwrap();
        Ok(kept.get(scope).filter(|(_, until)| now < *until).map(|(kept, _)| kept.clone()))
    }

    fn claim(&self, request: &ReplayRequest, now: Timestamp) -> Result<(), AdminStoreError> {
        self.put(request.scope, Kept::Claim { request_body: request.body }, now)
    }

    fn give_up(&self, scope: &[u8; 32]) -> Result<(), AdminStoreError> {
        works(&self.fails)?;
        works(&self.stuck)?;
        self.kept.lock().unwrap().remove(scope);
        Ok(())
    }

    fn keep(&self, request: &ReplayRequest, replay: &Replay, now: Timestamp) -> Result<(), AdminStoreError> {
        works(&self.stuck)?;
        self.put(request.scope, Kept::Answer(replay.clone()), now)
    }
}
