//! What the fuzz targets check: one function a target, bytes in, a panic when a promise is broken.
//!
//! Each takes any bytes and must neither panic nor hang. Most check more than that: that two readers agree, that a normal
//! form is normal, that no edit of a ledger goes unseen. Start reading at [`json`]. The corpora in `corpus/` are small and
//! written by hand; `cargo run --bin NAME -- -runs=0 corpus/NAME` runs one check over its own.

mod answers;
mod ledgers;
mod requests;
mod texts;

pub use answers::{json_response, sse};
pub use ledgers::{ledger, ledger_edit};
pub use requests::{mcp, operations, path, query, tool_call};
pub use texts::{cedar, condition, config, json, openapi, rules};
