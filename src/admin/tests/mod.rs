//! What the registry makes of changes, files and what was kept.

mod files;
mod memory;
mod plan;
mod property;
pub(crate) mod sample;
mod support;

pub(crate) use memory::{Faults, MemoryAdminStore};
