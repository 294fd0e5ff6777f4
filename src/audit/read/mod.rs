//! Reading logs: in order, beside a living writer, and with proof.
//!
//! Imports `audit::{error, line, epoch}` and `model::time`. `cursor.rs` finds lines, `walk.rs` checks their chain, and
//! `verify.rs` checks a whole ledger; `records.rs`, `recent.rs` and `tail.rs` are for those who only want to read.

mod cursor;
mod recent;
mod records;
mod tail;
mod verify;
mod walk;

pub(crate) use cursor::{Cursor, LineEnd};
pub(crate) use recent::each_recent;
pub use records::{Reader, StoredRecord};
pub use tail::{Tail, tail};
pub use verify::{EpochReport, EpochState, VerifyReport, verify};
pub(crate) use walk::{Anchor, Walk, walk};
