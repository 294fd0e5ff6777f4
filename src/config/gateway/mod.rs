//! `gateway`: the data plane's listeners and limits, and whose tokens are believed. Imports `model` only. Start reading at [`Gateway`].

mod jwks;
mod jwt;
mod limits;
mod listen;
mod tls;

pub use jwt::{Jwt, JwtKey};
pub(super) use limits::resolve;
pub use limits::{Gateway, Timeouts};
pub use listen::{Listen, ListenAddress};
pub use tls::{ListenTls, ServerCertificate, TlsVersion};
