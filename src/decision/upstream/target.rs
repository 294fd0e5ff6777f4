//! The upstream as a whole, ready to serve.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};

use crate::decision::Endpoints;

/// Where a route's calls go.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// The addresses, one of which takes a call.
    pub endpoints: Endpoints,
    /// How they are verified; `None` = without TLS.
    pub tls: Option<Arc<UpstreamTls>>,
    /// Whether HTTP/2 is spoken.
    pub http2: bool,
    /// How they are checked; `None` = not at all.
    pub health: Option<HealthCheck>,
    /// Path on the upstream (MCP and tool-call routes).
    pub path: String,
    /// `Host` to send; the caller's own when absent.
    pub host: Option<HeaderValue>,
    /// Longest time to connect.
    pub connect: Duration,
    /// Longest time from sending to the response head.
    pub read: Duration,
    /// Headers the route adds, such as the tool's own credential.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Upstream {
    /// Goes on from `earlier`: what is known of an address stays known.
    pub(in crate::decision) fn succeed(&mut self, earlier: &Self) {
        self.endpoints.succeed(&earlier.endpoints, self.health.is_some());
    }
}

/// How the tool is verified, and what it is shown.
#[derive(Debug)]
pub struct UpstreamTls {
    /// The authorities believed, as DER; none = those of the system.
    pub authorities: Vec<Vec<u8>>,
    /// What the tool is shown.
    pub client: Option<TlsIdentity>,
    /// Stands for all of this: two upstreams share connections only if it is the same.
    pub fingerprint: u64,
}

/// A certificate and its key.
#[derive(Clone)]
pub struct TlsIdentity {
    /// The certificate and those between it and its authority, as DER; at least one.
    pub chain: Vec<Vec<u8>>,
    /// The private key as DER.
    pub key: Vec<u8>,
}

/// INVARIANT: a private key is never shown.
impl fmt::Debug for TlsIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TlsIdentity(***)")
    }
}

/// How addresses are checked.
#[derive(Clone, Debug)]
pub struct HealthCheck {
    /// What is asked for with GET; `None` = connecting is enough.
    pub path: Option<String>,
    /// Time from the end of one check to the next.
    pub interval: Duration,
    /// How long a check may take.
    pub timeout: Duration,
    /// So many good checks in a row bring an address back.
    pub healthy_after: u32,
    /// So many bad checks in a row take an address out.
    pub unhealthy_after: u32,
}
