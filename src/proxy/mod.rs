//! L5: the data plane on Pingora. The only module that names it.
//!
//! May import L0 to L4. Pingora reads and writes HTTP and keeps the upstream connections; what is allowed is the gateway's
//! word. Start reading at `service.rs`: the phases of a request in the order Pingora calls them. `server.rs` has the accept
//! loop, which is ours so that ports may be chosen by the system and a stop waits for exactly what is in flight.

mod body;
mod connection;
mod context;
mod error;
mod guarded;
mod headers;
mod respond;
mod server;
mod service;
mod upstream;

pub use error::ProxyError;
pub use server::{DataPlane, DataPlaneOptions};
