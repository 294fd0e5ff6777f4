//! Where callers arrive: listeners, connections and their deadlines, HTTP/1.1, HTTP/2 and TLS.
//!
//! Imports `config` for what to listen on and `gateway` to count what is under way. The accept loop is ours so that ports may
//! be chosen by the system and a stop waits for exactly what is in flight. Start reading at [`DataPlane`], then `accept.rs`.

mod accept;
mod connection;
mod data_plane;
mod deadline;
mod http2;
mod listener;
mod socket;
mod tls;

pub use data_plane::{DataPlane, DataPlaneOptions, ListeningAt};
pub(super) use deadline::Deadline;
pub(super) use listener::watch_for_silence;
pub use tls::Certificates;
