//! The load: the same request over and over on a fixed number of connections that are kept open.
//!
//! It imports `shape`, `workload`, `wire` and `counters`. Start reading at `generator.rs`; `wrk.rs` uses a program of that name where it is
//! installed, `built_in.rs` makes the load itself, over HTTP/1.1 (`http1.rs`) or HTTP/2 (`http2.rs`).

mod budget;
mod built_in;
mod generator;
mod http1;
mod http2;
mod tally;
mod wrk;

pub(crate) use generator::{Amount, Intensity, Load};
pub(crate) use http2::exchange as http2_exchange;
pub(crate) use tally::Tally;
