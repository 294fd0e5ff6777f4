//! `gateway`: the data plane's listeners and limits. Imports `model` only. Start reading at [`Gateway`].

mod limits;
mod listen;
mod tls;

pub(super) use limits::resolve;
pub use limits::{Gateway, Timeouts};
pub use listen::{Listen, ListenAddress};
pub use tls::ServerCertificate;
