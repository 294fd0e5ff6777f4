//! L5: the demo tool server, so that `aegis demo` has real tools to guard with nothing else installed.
//!
//! A small CRM over REST and a small document store over MCP, both in memory, plus `GET /stats` which tells what really
//! reached a tool. It knows nothing of the gateway in front of it; may import `model` and axum, nothing else of ours.
//! Start reading at `server.rs` (the paths), then `rest.rs` and `mcp.rs` (the two protocols), `tools.rs` (what the MCP
//! tools do) and `state.rs` (the data and its limits).

mod error;
mod mcp;
mod rest;
mod server;
mod state;
mod stateless;
mod tools;

pub use server::{router, serve};
pub use state::DemoTools;

#[cfg(test)]
mod tests;
