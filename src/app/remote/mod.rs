//! A running gateway, as the command line talks to it: JSON over its control listener.

mod error;
mod gateway;

pub use error::RemoteError;
pub use gateway::Remote;
