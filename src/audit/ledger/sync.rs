//! The locking primitives of [`wake`](super::wake). They stand in a module of their own so that the model test can put a
//! model checker's in their place and run the very same `wake.rs`.

pub(crate) use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
