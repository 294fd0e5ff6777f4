//! The handlers, a file per surface.

pub(super) mod audit;
pub(super) mod cedar;
pub(super) mod enforcement;
pub(super) mod evaluation;
pub(super) mod governance;
pub(super) mod health;
pub(super) mod holds;
pub(super) mod keys;
pub(super) mod metrics;
pub(super) mod openapi;
pub(super) mod policy_server;
pub(super) mod snapshots;
pub(super) mod status;
