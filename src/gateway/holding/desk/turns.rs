//! Asking the store, which blocks: apart from the threads of requests, one after the other, and not for longer than callers can
//! be kept waiting.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::holds::StoreError;

/// Longest wait for a turn.
const TURN: Duration = Duration::from_secs(2);

/// How long nobody asks a store that has just failed: each would wait for it in vain.
const REST: Duration = Duration::from_millis(500);

/// Threads that look at once.
const READERS: usize = 2;

/// Who may ask the store, and how it went.
#[derive(Debug)]
pub(super) struct Turns {
    writing: Turn,
    reading: Turn,
}

#[derive(Debug)]
struct Turn {
    free: Semaphore,
    failed: Mutex<Option<(String, Instant)>>,
}

impl Default for Turns {
    fn default() -> Self {
        // The store changes one thing after the other anyway: more threads would only wait in line.
        Self { writing: Turn::new(1), reading: Turn::new(READERS) }
    }
}

impl Turns {
    /// Why the last change or the last look failed.
    pub(super) fn failing(&self) -> Option<String> {
        self.writing.failure().or_else(|| self.reading.failure()).map(|(why, _)| why)
    }

    /// Whether the store failed a moment ago, so that it is left alone.
    pub(super) fn rests(&self) -> bool {
        self.writing.rests()
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writing.take(work).await
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.reading.take(work).await
    }
}

impl Turn {
    fn new(threads: usize) -> Self {
        Self { free: Semaphore::new(threads), failed: Mutex::default() }
    }

    async fn take<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        if let Some((why, _)) = self.failure().filter(|_| self.rests()) {
            return Err(StoreError::Failed(why));
        }
        let Ok(turn) = timeout(TURN, self.free.acquire()).await else {
            let why = format!("it is busy for more than {} seconds", TURN.as_secs());
            self.note(Some(&why));
            return Err(StoreError::Failed(why));
        };
        // Whoever waited in line for a store that has failed meanwhile does not try it once more.
        if let Some((why, _)) = self.failure().filter(|_| self.rests()) {
            return Err(StoreError::Failed(why));
        }
        let done = spawn_blocking(work).await;
        drop(turn);
        let done = done.unwrap_or_else(|_| Err(StoreError::Failed("the gateway stops".to_owned())));
        self.note(match &done {
            Err(StoreError::Failed(why)) => Some(why),
            // The store itself is in order.
            Ok(_) | Err(StoreError::OneHold(_)) => None,
        });
        done
    }

    fn note(&self, failure: Option<&String>) {
        if let Some(error) = failure {
            tracing::error!(%error, "the store of holds failed");
        }
        let failed = failure.map(|why| (why.clone(), Instant::now()));
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = failed;
    }

    fn failure(&self) -> Option<(String, Instant)> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn rests(&self) -> bool {
        self.failure().is_some_and(|(_, at)| at.elapsed() < REST)
    }
}
