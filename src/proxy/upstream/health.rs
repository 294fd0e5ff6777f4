//! Checks of addresses: a connection, or a request, that says whether calls should go there.
//!
//! They are made over connections of their own, in the way calls go: the same protocol, certificates and names. Pingora's
//! load balancer has checks too, but one peer for all addresses of a group, where ours may be verified for different names.

use std::sync::{Arc, OnceLock};

use pingora::connectors::http::v2::Connector;
use pingora::http::RequestHeader;
use pingora::protocols::http::client::HttpSession;
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorType, Result};

use crate::decision::{Endpoint, HealthCheck, Route};
use crate::proxy::upstream::peer::Shared;

/// What a check says it is.
const USER_AGENT: &str = concat!("aegis-health/", env!("CARGO_PKG_VERSION"));

/// Makes checks.
pub(super) struct Checker {
    shared: Arc<Shared>,
    /// Makes connections of either version of HTTP. Made when first needed: it reads the system's authorities.
    connector: OnceLock<Connector>,
}

impl Checker {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, connector: OnceLock::new() }
    }

    /// Checks an address of a route again and again, as `health` says; never returns.
    pub(super) async fn watch(&self, route: &Route, endpoint: &Endpoint, health: &HealthCheck) {
        loop {
            let checked = tokio::time::timeout(health.timeout, self.check(route, endpoint, health)).await;
            let (good, why) = match &checked {
                Ok(Ok(())) => (true, ""),
                Ok(Err(error)) => (false, error.etype().as_str()),
                Err(_) => (false, "timed out"),
            };
            if endpoint.state.checked(good, health.healthy_after, health.unhealthy_after) {
                if good {
                    tracing::info!(route = %route.name, address = %endpoint.name, "an upstream address is healthy again");
                } else {
                    tracing::warn!(route = %route.name, address = %endpoint.name, why, "an upstream address is unhealthy");
                }
            }
            tokio::time::sleep(health.interval).await;
        }
    }

    async fn check(&self, route: &Route, endpoint: &Endpoint, health: &HealthCheck) -> Result<()> {
        let connector = self.connector.get_or_init(|| Connector::new(None));
        let mut peer = self.shared.pooled(&route.upstream, endpoint).await?;
        // So that the connection is not kept for others.
        peer.options.max_h2_streams = 1;
        peer.options.total_connection_timeout = Some(health.timeout);
        match &health.path {
            None => connector.transport().new_stream(&peer).await.map(drop),
            Some(path) => ask(connector, &peer, path, route, endpoint).await,
        }
    }
}

async fn ask(
    connector: &Connector,
    peer: &HttpPeer,
    path: &str,
    route: &Route,
    endpoint: &Endpoint,
) -> Result<()> {
    let mut request = RequestHeader::build("GET", path.as_bytes(), None)?;
    match &route.upstream.host {
        Some(host) => request.insert_header(http::header::HOST, host)?,
        None => request.insert_header(http::header::HOST, own_host(endpoint))?,
    }
    request.insert_header(http::header::USER_AGENT, USER_AGENT)?;
    let mut session: HttpSession = connector.new_http_session(peer).await?;
    session.write_request_header(Box::new(request)).await?;
    session.finish_request_body().await?;
    session.read_response_header().await?;
    match session.response_header().map(|head| head.status.as_u16()) {
        Some(200..=399) => Ok(()),
        _ => Err(Error::explain(ErrorType::new("AnsweredBadly"), "not an answer of 200 to 399")),
    }
}

/// The Host of a check where the route sets none: the address.
fn own_host(endpoint: &Endpoint) -> &str {
    if endpoint.name.starts_with("unix:") { "localhost" } else { &endpoint.name }
}
