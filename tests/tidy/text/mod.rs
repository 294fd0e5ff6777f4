//! What the rules read: files with comments and literals blanked out, and the places they report.
//!
//! Start reading at `source.rs`; `strip.rs` blanks, `regions.rs` tells test code from product code, `planted.rs` is the
//! helper of the rules' own tests.

mod planted;
mod regions;
mod source;
mod strip;
mod violation;

pub(crate) use planted::{clean, planted, planted_at};
pub(crate) use regions::{block_after, matching_close};
pub(crate) use source::{SourceFile, files_of_repository, pattern};
pub(crate) use violation::Violation;
