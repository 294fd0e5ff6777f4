//! The evaluation API of document 003: proposed changes are judged by the six gates.
//!
//! Start reading at `paths.rs`, then `evaluate.rs`. `headers.rs` has what every answer of these paths carries.

mod caller;
mod evaluate;
mod headers;
mod paths;
mod risk_check;

pub(in crate::control) use headers::{Tenant, announced, with_headers};
pub(in crate::control) use paths::routes;
