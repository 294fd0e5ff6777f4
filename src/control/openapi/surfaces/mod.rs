//! The operations of each surface.

pub(super) mod cedar;
pub(super) mod enforcement;
pub(super) mod evaluation;
pub(super) mod governance;
pub(super) mod operators;
pub(super) mod policy_server;
