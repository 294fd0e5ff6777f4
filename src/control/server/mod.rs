//! Serving a router within limits. Start reading at `serve.rs`.

mod serve;
mod stalls;

#[cfg(test)]
mod tests;

pub use serve::serve;
