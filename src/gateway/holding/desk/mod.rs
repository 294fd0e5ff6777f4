//! The desk where holds are opened, decided and used up.
//!
//! `opening.rs` finds or opens the hold of a call and uses an approval up, `deciding.rs` is what approvers do, `tending.rs` what
//! is done in the background, `records.rs` what the ledger is told, `turns.rs` how the store is asked, and `todo.rs` what store
//! or ledger did not do at once. Start reading at [`HoldDesk`].

mod deciding;
mod error;
mod opening;
mod records;
mod tending;
mod todo;
mod turns;

pub use error::HoldError;
pub(in crate::gateway) use opening::WaitPlace;
pub use opening::{Consumed, HoldDesk};
