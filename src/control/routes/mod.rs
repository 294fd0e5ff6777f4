//! The handlers, a file per surface.

pub(super) mod health;
pub(super) mod holds;
pub(super) mod keys;
pub(super) mod metrics;
pub(super) mod policy_server;
pub(super) mod status;
