//! Changes of what is administered: `object.rs` reads and makes one, `cedar.rs` one of Cedar's, `condition.rs` says what must be there for it, `replays.rs` sees that one that is sent twice is made once,
//! with `unwritten.rs` where the store fails meanwhile.

mod cedar;
mod condition;
mod object;
mod replays;
mod unwritten;

pub(in crate::control) use cedar::{apply_cedar, in_turn_of};
pub(in crate::control) use condition::if_match;
pub(in crate::control) use object::{apply, read, read_body};
pub use replays::Replays;
pub(in crate::control) use replays::once;
