//! L5: the only outbound HTTP of our own. (What is proxied is `proxy`'s.)
//!
//! May import L0 to L4; only `app` imports it. Start reading at [`Client`] for the verbs, at
//! [`HttpExecutor`] for the policy server.

mod client;
mod error;
mod executor;

pub use client::{Answer, Client};
pub use error::NetError;
pub use executor::HttpExecutor;
