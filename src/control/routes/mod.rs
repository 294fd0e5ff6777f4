//! The handlers, a file per surface.

pub(super) mod health;
pub(super) mod metrics;
