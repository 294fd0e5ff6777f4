//! Catching panics of our own code in a phase. Pingora's runtime would swallow them: the call would fail closed, but nobody
//! would be answered and nothing recorded.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// A phase ended in a panic.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panicked;

/// Runs `phase`; a panic in it becomes an error.
pub(super) async fn guarded<T>(phase: impl Future<Output = T>) -> Result<T, Panicked> {
    let mut phase = pin!(phase);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| phase.as_mut().poll(context))) {
        Ok(poll) => poll.map(Ok),
        Err(_) => Poll::Ready(Err(Panicked)),
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::guarded;

    #[tokio::test]
    async fn a_panic_becomes_an_error() {
        assert_eq!(guarded(async { 1 }).await.unwrap(), 1);
        assert!(guarded(async { panic!("planted") }).await.is_err());
    }
}
