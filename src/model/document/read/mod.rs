//! Text to [`Document`](crate::model::document::Document): the whole of it, or only the parts an [`Outline`] names.
//!
//! Imports nothing of ours but the finished tree. Start reading at `parse.rs`.

mod message;
mod outline;
mod parse;
mod raw_node;

pub use outline::{Outline, Part, Whole};
pub use parse::TEXT_BYTES_MAX;
