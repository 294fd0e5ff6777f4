//! `/api/v1/keys`: keys issued by API, for who may administer them. `show.rs` shows them, `change.rs` issues, rotates and revokes them.

mod change;
mod show;

pub(in crate::control) use change::{issue, revoke, rotate};
pub(in crate::control) use show::{list, show};
