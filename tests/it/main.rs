//! The integration tests: the built binary, driven over real sockets as its users drive it. One binary, because linking one
//! is quicker than linking ten. Start reading at `support`.

#![allow(
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests: a failed expectation is what they are for"
)]

mod cedar;
mod decisions;
mod evaluation;
mod governance;
mod governed;
mod holds;
mod identity;
mod ledger;
mod lifecycle;
mod listeners;
mod long_streams;
mod mcp;
mod operators;
mod policy_server;
mod responses;
mod support;
mod traffic;
mod tunnels;
mod upstreams;
mod verbs;
