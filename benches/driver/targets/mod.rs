//! What is measured: the programs, their generated settings, and how each one is started.
//!
//! All of them stand before the same upstream. It imports `load`, `shape`, `workload`, `process`, `wire`, `machine` and
//! `upstream`. Start reading at `target.rs`.

mod kind;
mod settings;
mod target;

pub(crate) use kind::Kind;
pub(crate) use settings::{APPROVER, CALLER};
pub(crate) use target::{Places, Target};
