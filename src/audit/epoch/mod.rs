//! One process start's log as a directory: its name, its lock, its marks, and its repair after a crash.
//!
//! Imports `audit::{error, line, read}` and `model::time`. Start at `repair.rs`; `mark.rs` has the two marks.

mod directory;
mod mark;
mod name;
mod repair;
mod replace;
mod seal;
mod unreconciled;

pub(crate) use directory::{
    EpochLock, NEXT, SEALED, SegmentFile, create_private_directory, cut, segment_name, segments,
    sync_directory,
};
pub(crate) use mark::{Mark, MarkFile, read_mark, read_sealed};
pub(crate) use name::{EpochName, epochs};
pub(crate) use repair::repair;
pub use repair::{Repair, TornFile};
pub(crate) use replace::{Replacement, replace};
pub(crate) use seal::seal;
pub(crate) use unreconciled::{is_unreconciled, leave_unreconciled, set_reconciled};
