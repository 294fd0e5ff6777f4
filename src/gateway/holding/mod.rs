//! Calls that wait for a person: the desk where holds are opened, decided and used up, and the waiting requests.
//!
//! `preference.rs` reads what the caller prefers, `held.rs` is a call that a decision wants held, `desk.rs` finds or opens its
//! hold and uses an approval up, `deciding.rs` is what approvers do, `records.rs` what the ledger is told, `tending.rs` what is
//! done in the background, `waiting.rs` a request that waits. Start reading at [`HoldDesk`].

pub(in crate::gateway) mod answers;
mod deciding;
mod desk;
mod error;
mod held;
mod preference;
mod records;
mod tending;
mod waiting;

pub use answers::HoldNote;
pub use desk::{Consumed, HoldDesk};
pub use error::HoldError;
pub(in crate::gateway) use held::{Held, Judged, Resumed, Terms, Then};
pub(in crate::gateway) use preference::Preference;
pub use waiting::Waiting;
