//! The desk where holds are opened, decided and used up.
//!
//! `standing.rs` says how a call stands, `opening.rs` finds or opens its hold and uses an approval up, `deciding.rs` is what approvers do, `tending.rs` what
//! is done in the background, `records.rs` what the ledger is told, `turns.rs` how the store is asked, and `todo.rs` what store
//! or ledger did not do at once. Start reading at [`HoldDesk`].

mod deciding;
mod error;
mod opening;
mod records;
mod standing;
mod tending;
mod todo;
mod turns;

pub use deciding::Vote;
pub use error::HoldError;
pub(in crate::gateway) use opening::WaitPlace;
pub use opening::{Consumed, HoldDesk};
pub(in crate::gateway) use standing::{Charging, Stood};
