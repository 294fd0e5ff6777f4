//! L5: the control listener (axum), for operators and for what watches the gateway. Never for tool traffic.
//!
//! May import L0 to L4. Start reading at `router.rs`: every path is there.

mod auth;
mod body;
mod changes;
mod dto;
mod error;
mod lists;
mod openapi;
mod policies;
mod query;
mod rate;
mod router;
mod routes;
mod server;
mod state;

pub use changes::Replays;
pub use error::ControlError;
pub use lists::{CursorSeal, Listing, Position};
use lists::{FilterNames, ObjectPage, page_of};
pub use openapi::openapi;
pub use policies::{PolicyRefused, PolicyWriter, SnapshotRollback};
pub use router::{control_router, telemetry_router};
pub use server::serve;
pub use state::{Access, ControlState, Door};

#[cfg(test)]
mod tests;
