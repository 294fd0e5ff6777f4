//! `aegis serve POLICY`: document 002's server, from a policy file and nothing else. As a library: [`policy_server`].
//!
//! `stored.rs` keeps what came by `PUT /api/v1/policy`, for gateways with a configuration too.

mod keys;
mod lock;
mod server;
mod stored;
mod writer;

pub(super) use lock::FolderLock;
pub use server::{PolicyServerOptions, policy_server};
pub(super) use stored::StoredPolicy;
