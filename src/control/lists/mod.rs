//! Lists and their pages: `cursor.rs` says where the next one begins, `ledger.rs` reads them from the ledger, `objects.rs` from what is
//! administered.

mod cursor;
pub(in crate::control) mod ledger;
mod objects;

pub use cursor::{CursorSeal, Listing, Position};
pub(in crate::control) use ledger::FilterNames;
pub(in crate::control) use objects::{ObjectPage, page_of};
