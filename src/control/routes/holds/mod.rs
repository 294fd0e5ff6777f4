//! `/api/v1/holds`: calls that wait for a person. `list.rs` and `one.rs` show them, `decide.rs` has what becomes of them.

mod decide;
mod list;
mod one;

pub(in crate::control) use decide::{approve, cancel, reject};
pub(in crate::control) use list::list;
pub(in crate::control) use one::show;
