//! [`Turns`]: whoever changes an engine waits for whoever changes the same one, and for nobody else. Imports nothing of ours.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{
    Mutex as AsyncMutex, OwnedMutexGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock,
};

/// A turn for each engine that somebody changes, and one of all engines.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// Nobody keeps one but who holds it or waits for it, so names that engines never had leave nothing behind.
    each: Mutex<HashMap<Box<str>, Weak<AsyncMutex<()>>>>,
    all: Arc<RwLock<()>>,
}

/// The turn of one engine, or of all, for as long as it is held.
#[derive(Debug)]
pub struct CedarTurn {
    _held: Held,
}

#[derive(Debug)]
#[expect(dead_code, reason = "held, and never looked at")]
enum Held {
    One(OwnedMutexGuard<()>, OwnedRwLockReadGuard<()>),
    All(OwnedRwLockWriteGuard<()>),
}

impl Turns {
    /// The turn of the engine `name`, once nobody else has it.
    pub(super) async fn of(&self, name: &str) -> CedarTurn {
        // First the engine's: who waits for it holds up nobody who wants all.
        let one = self.lock_of(name).lock_owned().await;
        let all = Arc::clone(&self.all).read_owned().await;
        CedarTurn { _held: Held::One(one, all) }
    }

    /// The turn of every engine, once nobody has one.
    pub(super) async fn of_all(&self) -> CedarTurn {
        CedarTurn { _held: Held::All(Arc::clone(&self.all).write_owned().await) }
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

    const SOON: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn one_engine_holds_up_no_other() {
        let turns = Turns::default();
        let first = turns.of("first").await;
        assert!(timeout(SOON, turns.of("second")).await.is_ok());
        assert!(timeout(SOON, turns.of("first")).await.is_err());
        drop(first);
        assert!(timeout(SOON, turns.of("first")).await.is_ok());
    }

    #[tokio::test]
    async fn whoever_wants_all_waits_for_each_and_each_for_it() {
        let turns = Turns::default();
        let first = turns.of("first").await;
        assert!(timeout(SOON, turns.of_all()).await.is_err());
        drop(first);
        let all = turns.of_all().await;
        assert!(timeout(SOON, turns.of("second")).await.is_err());
        drop(all);
        assert!(timeout(SOON, turns.of("second")).await.is_ok());
    }

    #[tokio::test]
    async fn who_waits_keeps_the_turn_and_nobody_keeps_a_name() {
        let turns = Arc::new(Turns::default());
        let first = turns.of("first").await;
        let waiting = tokio::spawn({
            let turns = Arc::clone(&turns);
            async move { turns.of("first").await }
        });
        tokio::time::sleep(SOON).await;
        for number in 0..1000 {
            turns.of(&number.to_string()).await;
        }
        assert!(turns.each.lock().unwrap().len() <= 2);
        drop(first);
        let second = waiting.await.unwrap();
        assert!(timeout(SOON, turns.of("first")).await.is_err(), "the same turn as before");
        drop(second);
    }
}
