//! What the control listener serves, as `OpenAPI` 3.1.
//!
//! Each surface describes its operations in a file of its own (`surfaces/`), with the schemas that its forms derive; `document.rs` puts them
//! together. A test holds the paths against those of the router, and the integration tests hold answers against the document.
//! Start reading at `operation.rs`, then `surfaces/governance.rs`.

mod answers;
mod document;
mod operation;
mod schemas;
mod surfaces;

#[cfg(test)]
mod tests;

pub use document::openapi;
