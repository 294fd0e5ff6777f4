//! What the registry makes of changes, files and what was kept.

mod memory;

use std::sync::Arc;

use crate::model::time::Timestamp;
use crate::policy::governance::{Source, Stamp};

pub(crate) use memory::{Faults, MemoryAdminStore};

/// A stamp of the API.
pub(crate) fn stamp(id: &str, version: u64) -> Stamp {
    let at = Timestamp::from_micros(0);
    Stamp { id: Arc::from(id), version, created_at: at, updated_at: at, source: Source::Api }
}
