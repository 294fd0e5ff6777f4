//! L5: the data plane on Pingora. The only module that names it.
//!
//! May import L0 to L4. Pingora reads and writes HTTP and keeps the upstream connections; what is allowed is the gateway's
//! word. Start reading at `service.rs`: the phases of a request in the order Pingora calls them. `listen` is where callers
//! arrive, `upstream` where their calls go.

mod body;
mod context;
mod error;
mod guarded;
mod headers;
mod listen;
mod prefer;
mod respond;
mod service;
mod upstream;
mod waiting;

pub use error::ProxyError;
pub use listen::{Certificates, DataPlane, DataPlaneOptions, ListeningAt};
