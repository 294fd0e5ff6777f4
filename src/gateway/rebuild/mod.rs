//! The live numbers, made again from the ledger: what a restart refills is nothing.
//!
//! Imports `audit` (what is read) and `facts` (what is fed). `event.rs` says what a record means, `fold.rs` follows the ledger, and
//! `file.rs` keeps how far it came and what it made of it. Start reading at [`Fold`]. `session.rs` makes the histories of sessions again.

mod event;
mod file;
mod fold;
mod session;

#[cfg(test)]
mod tests;

pub use fold::{Begun, Fold, FoldStep, RebuildError};
pub use session::restore_sessions;
