//! [`Turns`]: whoever changes an engine waits for whoever changes the same one, and for nobody else. Imports nothing of ours.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// A turn for each engine that somebody changes.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// Nobody keeps one but who holds it or waits for it, so names that engines never had leave nothing behind.
    each: Mutex<HashMap<Box<str>, Weak<AsyncMutex<()>>>>,
}

impl Turns {
    /// The turn of the engine `name`, once nobody else has it; for as long as it is held.
    pub(super) async fn of(&self, name: &str) -> OwnedMutexGuard<()> {
        self.lock_of(name).lock_owned().await
    }

    fn lock_of(&self, name: &str) -> Arc<AsyncMutex<()>> {
        let mut each = self.each.lock().unwrap_or_else(PoisonError::into_inner);
        each.retain(|_, lock| lock.strong_count() > 0);
        if let Some(lock) = each.get(name).and_then(Weak::upgrade) {
            return lock;
        }
        let lock = Arc::default();
        each.insert(name.into(), Arc::downgrade(&lock));
        lock
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    /// Asked once, without waiting.
    const NOW: Duration = Duration::ZERO;

    #[tokio::test]
    async fn one_engine_holds_up_no_other() {
        let turns = Turns::default();
        let first = turns.of("first").await;
        assert!(timeout(NOW, turns.of("second")).await.is_ok());
        assert!(timeout(NOW, turns.of("first")).await.is_err());
        drop(first);
        assert!(timeout(NOW, turns.of("first")).await.is_ok());
    }

    #[tokio::test]
    async fn who_waits_keeps_the_turn_and_nobody_keeps_a_name() {
        let turns = Arc::new(Turns::default());
        let first = turns.of("first").await;
        let waiting = tokio::spawn({
            let turns = Arc::clone(&turns);
            async move { turns.of("first").await }
        });
        tokio::task::yield_now().await;
        for number in 0..1000 {
            turns.of(&number.to_string()).await;
        }
        assert!(turns.each.lock().unwrap().len() <= 2);
        drop(first);
        let second = waiting.await.unwrap();
        assert!(timeout(NOW, turns.of("first")).await.is_err(), "the same turn as before");
        drop(second);
    }
}
