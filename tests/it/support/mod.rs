//! What the integration tests stand on: a gateway process, a tool that counts, and a client that sends exactly what it is told.

mod client;
mod gateway;
mod tool;

pub use client::{Answer, Client};
pub use gateway::{Gateway, aegis};
pub use tool::Tool;
