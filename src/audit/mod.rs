//! The ledger: every decision is a line in a hash-chained file before it takes effect.
//!
//! Imports `model`, and `identity` for records of keys. The words: an *epoch* is the log of one process start (a directory with one writer for ever), a
//! *segment* is one of its files, a *line* is one record, the *mark* says how far the log is known to be on disk, and
//! `sealed` is the mark of a log that is complete. Nothing here logs: trouble is a value ([`LedgerStatus`], errors).
//!
//! Start reading at [`line`](mod@line) (what a record looks like on disk), then `ledger/append.rs` (the hot path), `ledger/wake.rs`
//! (how a caller waits for the disk), `epoch/repair.rs` (what happens after a crash) and `read/walk.rs` (how it is checked).

pub mod action;
pub mod epoch;
pub mod error;
pub mod execution;
pub mod held;
pub mod index;
pub mod keys;
pub mod ledger;
pub mod line;
pub mod read;
pub mod reconcile;
pub mod record;

#[cfg(test)]
mod tests;

pub use error::{AppendError, Damage, LedgerError};
pub use ledger::{Appended, Durability, Ledger, LedgerOptions, LedgerStatus, OpenReport};
pub use read::{Reader, StoredRecord, Tail, VerifyReport, tail, verify};
