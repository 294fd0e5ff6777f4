//! `routes`: which requests go to which tool, how they are read, and where they are sent. Imports `model` only.
//!
//! One file a question: what a [`Route`] is, how its [`Protocol`] reads requests, its [`Operation`]s (written, or from an
//! `openapi` document), its [`Upstream`], what may come back ([`Response`]), how long
//! a call waits for a person ([`HoldWait`]), and whether routes get in each other's way (`overlap`). Start reading at
//! [`Route`].

mod hold;
mod openapi;
mod operations;
mod overlap;
mod protocol;
mod response;
mod route;
mod upstream;

pub use hold::HoldWait;
pub use operations::Operation;
pub(super) use overlap::check_overlaps;
pub use protocol::{McpDenial, Protocol, ToolNames};
pub use response::Response;
pub(super) use route::resolve;
pub use route::{Anonymous, Mode, PathPrefix, Route};
pub use upstream::{
    Balance, ClientIdentity, Upstream, UpstreamAddress, UpstreamHeader, UpstreamHealth, UpstreamTls,
};
