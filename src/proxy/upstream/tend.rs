//! Looking after the addresses of the routes in force, once a second: has them checked, and shows how they are.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::decision::{EndpointState, Route};
use crate::gateway::Gateway;
use crate::proxy::upstream::health::Checker;
use crate::proxy::upstream::peer::Shared;
use crate::telemetry::UpstreamGauge;

/// What is done about the addresses of one snapshot, until the next one.
pub(super) struct Tending {
    shared: Arc<Shared>,
    checker: Arc<Checker>,
    /// The snapshot whose addresses these are.
    version: Option<u64>,
    /// One task for every address that is checked; dropped, they end.
    checks: JoinSet<()>,
    shown: Vec<(Arc<EndpointState>, UpstreamGauge)>,
    /// How many certificate authorities the system has.
    system_authorities: usize,
}

impl Tending {
    pub(super) fn new(shared: Arc<Shared>, system_authorities: usize) -> Self {
        let checker = Arc::new(Checker::new(Arc::clone(&shared)));
        Self { shared, checker, version: None, checks: JoinSet::new(), shown: Vec::new(), system_authorities }
    }

    /// Follows a change of the snapshot, and shows every address as it is now.
    pub(super) fn look(&mut self, gateway: &Gateway) {
        if self.checks.try_join_next().is_some() {
            // Checks end by nothing but a panic. All of them begin anew.
            tracing::error!("a health check ended by a defect of the gateway; checks are started again");
            self.version = None;
        }
        if let Some((version, routes)) = gateway.routes_unless(self.version) {
            self.version = Some(version);
            self.follow(&routes, gateway);
        }
        let now = self.shared.pool.now();
        for (state, gauge) in &self.shown {
            gauge.set(state.is_fit(now));
        }
    }

    fn follow(&mut self, routes: &[Arc<Route>], gateway: &Gateway) {
        self.checks = JoinSet::new();
        let mut shown = Vec::new();
        for route in routes {
            let believes_system = route.upstream.tls.as_ref().is_some_and(|tls| tls.authorities.is_empty());
            if believes_system && self.system_authorities == 0 {
                tracing::warn!(route = %route.name, "the system has no certificate authorities, so the tool will not be \
                    believed; name some under upstream.tls.ca");
            }
            for (number, endpoint) in route.upstream.endpoints.iter().enumerate() {
                let gauge = gateway.upstream_gauge(&route.name, &endpoint.name);
                // A gauge begins with 0, and may be looked at from now on.
                gauge.set(endpoint.state.is_fit(self.shared.pool.now()));
                shown.push((Arc::clone(&endpoint.state), gauge));
                if route.upstream.health.is_some() {
                    self.checks.spawn(watch(Arc::clone(&self.checker), Arc::clone(route), number));
                }
            }
        }
        let before = std::mem::replace(&mut self.shown, shown);
        for (_, gauge) in before {
            if !self.shown.iter().any(|(_, shown)| shown.is_of(&gauge)) {
                gateway.forget_upstream(&gauge);
            }
        }
        let fingerprints = routes.iter().filter_map(|route| Some(route.upstream.tls.as_ref()?.fingerprint));
        let in_use: Vec<u64> = fingerprints.collect();
        self.shared.certificates.keep(|fingerprint| in_use.contains(&fingerprint));
    }
}

async fn watch(checker: Arc<Checker>, route: Arc<Route>, number: usize) {
    if let Some(health) = &route.upstream.health {
        checker.watch(&route, route.upstream.endpoints.at(number), health).await;
    }
}
