//! What tests of stores and of the gateway need too.

pub(crate) use super::property::{moves, run};
pub(crate) use super::support::{file, grant, policy, revoke, root, written};
