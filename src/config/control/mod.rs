//! `control`: the listener for operators, and the keys; `executor`, which runs what is asked for there. Imports `model` only. Start reading at [`Control`].
//!
//! Keys always exist (a first admin key is made when none is configured), so listening beyond loopback is allowed here.

mod executor;
mod key;
mod listener;

pub(in crate::config) use executor::resolve as resolve_executor;
pub use executor::{Executor, ExecutorTarget};
pub(in crate::config) use key::principal_kind;
pub use key::{Key, KeyActor, KeyHash};
pub(in crate::config) use listener::resolve;
pub use listener::{Control, KeyRate};
