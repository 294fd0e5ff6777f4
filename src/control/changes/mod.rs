//! Changes of what is administered: `object.rs` reads and makes one, `replays.rs` sees that one that is sent twice is made once.

mod object;
mod replays;

pub(in crate::control) use object::{apply, read, read_body};
pub use replays::Replays;
pub(in crate::control) use replays::once;
