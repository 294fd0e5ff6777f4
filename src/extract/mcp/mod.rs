//! MCP over streamable HTTP, in both of its eras: with sessions (2025-03-26 to 2025-11-25) and stateless (2026-07-28).
//!
//! May import the rest of `extract` and `model`. Start reading at [`McpExtractor::extract`] in `extractor.rs`: `version.rs`
//! finds the era, `mirrored.rs` holds the stateless era's headers against the body, `methods.rs` says what is served in which
//! era, `calls.rs` makes the calls.

mod calls;
mod extractor;
mod head;
mod message;
mod methods;
mod mirrored;
mod version;

pub use extractor::{McpExtractor, McpInput};
pub use head::{McpHead, SingleHeader};
pub use message::rpc_code;
pub use version::{McpEra, SESSION_VERSIONS, STATELESS_VERSION};

#[cfg(test)]
mod tests;
