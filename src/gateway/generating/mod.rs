//! Cedar policies made of what agents did: runs over the ledger, and drafts tried on it.
//!
//! `desk.rs` has who may have how many runs, `run.rs` one run, `observing.rs` what a record says. Start reading at [`GenerationDesk`].

mod desk;
mod observing;
mod run;

pub use desk::{GenerationDesk, GenerationRefused};

#[cfg(test)]
mod tests;
