//! Counting the requests under way, so that a stop can wait for exactly them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// How many requests are under way.
#[derive(Clone, Debug, Default)]
pub struct InFlight {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    count: AtomicUsize,
    idle: Notify,
}

/// One request under way; it ends when this is dropped.
#[derive(Debug)]
pub struct InFlightGuard {
    inner: Arc<Inner>,
}

impl InFlight {
    /// Counts a request until the guard is dropped.
    #[must_use]
    pub fn enter(&self) -> InFlightGuard {
        self.inner.count.fetch_add(1, Ordering::Relaxed);
        InFlightGuard { inner: Arc::clone(&self.inner) }
    }

    /// How many there are now.
    #[must_use]
    pub fn count(&self) -> usize {
        self.inner.count.load(Ordering::Acquire)
    }

    /// Waits until there are none.
    pub async fn idle(&self) {
        loop {
            let notified = self.inner.idle.notified();
            tokio::pin!(notified);
            // Registered before the count is read: a guard dropped in between wakes us.
            notified.as_mut().enable();
            if self.count() == 0 {
                return;
            }
            notified.await;
        }
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        if self.inner.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.inner.idle.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::InFlight;

    #[tokio::test]
    async fn idle_ends_with_the_last_guard() {
        let requests = InFlight::default();
        requests.idle().await;
        let (first, second) = (requests.enter(), requests.enter());
        let waiting = tokio::spawn({
            let requests = requests.clone();
            async move { requests.idle().await }
        });
        drop(first);
        assert_eq!(requests.count(), 1);
        drop(second);
        waiting.await.unwrap();
    }
}
