//! The index of the ledger while a gateway runs. Start reading at `thread.rs`.

mod open;
mod thread;

pub(super) use open::{FILE, open};
pub(super) use thread::{Indexing, SHARE, worked};
