//! `/api/v1/snapshots`: what was in force, and going back to it. `list.rs` and `one.rs` show, `rollback.rs` goes back.

mod list;
mod one;
mod rollback;

pub(in crate::control) use list::list;
pub(in crate::control) use one::show;
pub(in crate::control) use rollback::roll_back;
