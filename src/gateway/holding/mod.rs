//! Calls that wait for a person: the desk where holds are opened, decided and used up, and the waiting requests.
//!
//! `preference.rs` reads what the caller prefers, `asking.rs` is what approvers are asked, `held.rs` a call that a decision wants held, `desk/` finds or opens its
//! hold, `answers.rs` is what callers are told, `waiting.rs` a request that waits. Start reading at `held.rs`.

pub(in crate::gateway) mod answers;
mod asking;
mod desk;
mod held;
mod preference;
mod waiting;

pub use answers::HoldNote;
pub(in crate::gateway) use asking::Asking;
pub(in crate::gateway) use desk::{Charging, Stood, WaitPlace};
pub use desk::{Consumed, HoldDesk, HoldError, Vote};
pub(in crate::gateway) use held::{Held, Judged, Resumed, Terms, Then};
pub(in crate::gateway) use preference::Preference;
pub use waiting::Waiting;
