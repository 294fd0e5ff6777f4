//! Where tool traffic may arrive: HTTP/2 with and without TLS, certificates that change, unix sockets.

mod client;
mod http2;
mod tls;
mod unix;

pub use client::{Http2, exchange, to};

use crate::support::{Gateway, Route, Tool};

const RULES: &str = "rules:\n\
    - {name: reads, match: {type: \"*.read\"}, approval: auto}\n\
    - {name: creates, match: {type: \"*.create\"}, approval: auto}\n\
    - {name: no, match: {type: \"*.delete\"}, approval: block}";

/// A gateway in front of `tool` with these listeners and more settings of `gateway`.
fn listening(tool: &Tool, listen: &str, more: &str) -> crate::support::Setup {
    let routes = Route::section(&[Route::crm(tool.address)]);
    Gateway::with(&format!("gateway: {{listen: [{listen}]{more}}}\n{routes}"), RULES)
}
