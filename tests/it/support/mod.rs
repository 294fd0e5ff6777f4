//! What the integration tests stand on: a gateway process, a tool that counts, and a client that sends exactly what it is told.

mod client;
mod gateway;
mod golden;
mod observe;
mod route;
mod running;
mod tool;

pub use client::{Answer, Client};
pub use gateway::{Gateway, Setup, aegis, key_hash, routes};
pub use golden::golden;
pub use observe::{eventually, load_time, metric_in};
pub use route::Route;
pub use running::{Running, refused_start};
pub use tool::{Tool, respond};
