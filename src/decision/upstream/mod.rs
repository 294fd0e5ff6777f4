//! Where a route's calls go: an [`Upstream`] with its [`Endpoints`], of which each call is given one.
//!
//! May import what `decision` may. What is under way at an address and whether it is fit is kept in atomics, and outlives a
//! change of the snapshot. Nothing here connects to anything: that is `proxy`'s. Start reading at [`Endpoints::choose`].

mod compile;
mod endpoint;
mod endpoints;
mod state;
mod target;

pub(super) use compile::upstream;
pub use endpoint::{Endpoint, EndpointAddress};
pub use endpoints::Endpoints;
pub use state::{EndpointState, UnderWay};
pub use target::{HealthCheck, TlsIdentity, Upstream, UpstreamTls};
