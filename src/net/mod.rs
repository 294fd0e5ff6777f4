//! L5: the only outbound HTTP of our own. (What is proxied is `proxy`'s.)
//!
//! May import L0 to L4; only `app` imports it. Start reading at [`Client`].

mod client;
mod error;

pub use client::{Answer, Client};
pub use error::NetError;
