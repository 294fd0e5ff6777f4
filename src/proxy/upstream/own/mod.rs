//! Connections of our own, for HTTP/1.1 without TLS: what Pingora uses for one request ([`socket`]), what tells when the first
//! byte leaves ([`wire`]), and where idle ones wait ([`pool`]).
//!
//! Imports `gateway` for the mark that something was sent. Start reading at [`socket::UpstreamSocket`].

mod pool;
mod socket;
mod wire;

pub(super) use pool::{IDLE_TICKS, IdlePool, TICK};
pub(super) use socket::UpstreamSocket;
pub(super) use wire::Wire;
