//! Cedar's engines as they are administered: each with its policies as objects, and what was made of them.
//!
//! Imports `policy::cedar` and `policy::governance`. Start reading at [`CedarEngines`]; `shelf.rs` keeps the objects of one engine so that
//! a change copies and hashes only a part of them.

mod held;
mod shelf;

#[cfg(test)]
mod tests;

pub use held::{CedarEngines, HeldEngine};
