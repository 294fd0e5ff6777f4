//! What whoever looks after the upstreams needs of the gateway, beside the way of a request.

use std::sync::Arc;

use crate::decision::Route;
use crate::gateway::Gateway;
use crate::telemetry::UpstreamGauge;

impl Gateway {
    /// Version and routes of the snapshot in force, for who looks after their upstreams between requests; `None` while the
    /// version is `known`.
    #[must_use]
    pub fn routes_unless(&self, known: Option<u64>) -> Option<(u64, Vec<Arc<Route>>)> {
        let snapshot = self.snapshot.load();
        let version = snapshot.reference.version;
        (known != Some(version)).then(|| (version, snapshot.routes.clone()))
    }

    /// What shows whether an address of a route's upstream is fit for calls.
    #[must_use]
    pub fn upstream_gauge(&self, route: &str, address: &str) -> UpstreamGauge {
        self.metrics.upstream(route, address)
    }

    /// The address is no route's any more.
    pub fn forget_upstream(&self, shown: &UpstreamGauge) {
        self.metrics.forget_upstream(shown);
    }
}
