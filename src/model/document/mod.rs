//! A YAML (or JSON) document as a tree in which every key and every value knows where it was written.
//!
//! Everything operators write (the gateway's configuration, rules, later governance objects) is read through
//! [`Document::parse`], so that every complaint about it can name file, line, column and key. [`shape`] checks a
//! document against a JSON Schema and reports all problems at once. Imports nothing of ours and does no I/O: text comes in.
//!
//! Start reading at [`Document`], then [`Problem`].

mod edit;
mod node;
mod place;
mod problem;
mod read;
pub mod shape;
mod tree;

#[cfg(test)]
mod tests;

pub use edit::{OverlayError, Step};
pub use node::{Entry, Node, NodeValue, Position};
pub use place::Place;
pub use problem::{PROBLEMS_FOUND_MOST, Problem, Problems};
pub use read::{Outline, Part, TEXT_BYTES_MAX, Whole};
pub use tree::{Document, child_pointer};
