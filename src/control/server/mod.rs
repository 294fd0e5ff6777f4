//! Serving a router within limits. Start reading at `serve.rs`.

mod places;
mod serve;
mod service;
mod stalls;

#[cfg(test)]
mod tests;

pub use serve::serve;
