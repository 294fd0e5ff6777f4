//! Which policies can be about a call? Found by their scopes, at a cost that does not grow with their number.
//!
//! Imports the reader of policies. Start reading at [`Index`], then [`Scope`].

mod axis;
mod cells;
mod scope;
mod shards;

pub use cells::Mode;
pub(super) use cells::{Entry, Index};
pub(super) use scope::{Lineage, Lineages};
pub(super) use shards::Shards;
