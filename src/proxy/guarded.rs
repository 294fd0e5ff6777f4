//! Catching panics of our own code in a phase. Pingora's runtime would swallow them: the call would fail closed, but nobody
//! would be answered and nothing recorded.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

/// A phase ended in a panic.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panicked;

/// Runs `phase`; a panic in it becomes an error. It is taken by reference because it is large.
pub(super) async fn guarded<T>(mut phase: Pin<&mut impl Future<Output = T>>) -> Result<T, Panicked> {
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| phase.as_mut().poll(context))) {
        Ok(poll) => poll.map(Ok),
        Err(_) => Poll::Ready(Err(Panicked)),
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::guarded;

    #[tokio::test]
    async fn a_panic_becomes_an_error() {
        assert_eq!(guarded(pin!(async { 1 })).await.unwrap(), 1);
        assert!(guarded::<()>(pin!(async { panic!("planted") })).await.is_err());
    }
}
