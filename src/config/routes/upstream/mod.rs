//! `routes[].upstream`: where a route's allowed calls go. Imports `model` only.
//!
//! One file a question: the [`Upstream`] as a whole (`target`), its addresses, the headers that are set, its TLS, and how its
//! health is checked. Start reading at [`Upstream`].

mod address;
mod headers;
mod health;
mod target;
mod tls;

pub use address::UpstreamAddress;
pub use headers::UpstreamHeader;
pub use health::UpstreamHealth;
pub(super) use target::resolve;
pub use target::{Balance, Upstream};
pub use tls::{ClientIdentity, UpstreamTls};
