//! `Handle<T>`: a value that is replaced whole while others read it. The only place that names `arc_swap`.
//!
//! Imports nothing of ours. Policy snapshots, and later certificates and key sets, swap through it: a reader sees the old
//! value or the new one, never a mixture, and never waits.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

/// A shared, replaceable `Arc<T>`.
///
/// INVARIANT: a request calls [`Handle::load`] once, after its body is complete, and uses that one value to its end.
#[derive(Debug)]
pub struct Handle<T> {
    current: ArcSwap<T>,
}

impl<T> Handle<T> {
    /// A handle that starts with `value`.
    pub fn new(value: Arc<T>) -> Self {
        Self { current: ArcSwap::new(value) }
    }

    /// The current value, borrowed without touching its reference count. Keep it for the length of one synchronous
    /// piece of work; hold on to the value longer with [`Handle::load_full`].
    pub fn load(&self) -> Guard<Arc<T>> {
        self.current.load()
    }

    /// The current value with a reference of its own.
    pub fn load_full(&self) -> Arc<T> {
        self.current.load_full()
    }

    /// Replaces the value. Readers that already loaded keep what they have.
    pub fn store(&self, value: Arc<T>) {
        self.current.store(value);
    }
}
