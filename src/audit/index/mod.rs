//! The index: which records there are of an actor, a capability, an outcome, and where.
//!
//! Imports `model`, and of `audit` the ledger and its readers. The ledger is what counts; the index holds hashes and places,
//! can be made again at any time, and is never trusted with a text: what it finds is read from the ledger. A store
//! ([`IndexStore`]) keeps it, [`Indexer`] fills it behind the writer, and [`AuditIndex`] answers from the store *and* from what
//! the ledger holds beyond it, so that a decision that was just answered is found.
//!
//! Start reading at `query.rs`, then `search.rs`.

mod entry;
mod fold;
mod key;
mod query;
mod record;
mod search;
mod shelf;
mod store;
mod tail;

#[cfg(test)]
mod tests;

pub use entry::{Entry, Execution, Indexed, Order, Place, Position, Search, Tags};
pub use fold::{Indexer, Step};
pub use key::{CallKey, Tag};
pub use query::{AuditQuery, Call, Executed, Page};
pub use record::Record;
pub use search::{AuditIndex, IndexHealth, MOST_BEHIND};
pub use store::{Batch, IndexError, IndexStore, IndexView, NoStore, Progress};
