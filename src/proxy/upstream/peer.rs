//! From a route's upstream to the peer Pingora connects to.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorType, OkOrErr};

use crate::decision::{Endpoint, EndpointAddress, Route, UnderWay, Upstream};
use crate::gateway::{Gateway, Sent};
use crate::proxy::ProxyError;
use crate::proxy::upstream::connect::{ForPingora, Own};
use crate::proxy::upstream::names::Names;
use crate::proxy::upstream::own::{IDLE_TICKS, IdlePool, TICK};
use crate::proxy::upstream::tend::Tending;
use crate::proxy::upstream::tls::{Certificates, system_authorities};

/// Most calls at once on one HTTP/2 connection; the tool may allow fewer.
const MAX_STREAMS: usize = 100;

/// Stands where Pingora wants an address that our own connecting does not look at.
const NOWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// Makes peers, keeps the idle connections of all of them, and looks after their addresses.
#[derive(Debug)]
pub(in crate::proxy) struct Peers {
    shared: Arc<Shared>,
    /// How many certificate authorities the system has.
    system_authorities: usize,
}

/// What connections share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) pool: Arc<IdlePool>,
    pub(super) names: Names,
    pub(super) certificates: Certificates,
}

/// The address that takes a call, with the place the call takes there.
#[derive(Debug)]
pub(in crate::proxy) struct Chosen {
    pub(super) route: Arc<Route>,
    pub(super) number: usize,
    /// Counted until it is dropped.
    pub(super) _place: Option<UnderWay>,
}

impl Peers {
    /// # Errors
    /// The system's certificate authorities cannot be used.
    pub(in crate::proxy) fn new() -> Result<Self, ProxyError> {
        Ok(Self { shared: Arc::default(), system_authorities: system_authorities()? })
    }

    /// Chooses an address for one call of `route`, and the peer for it. `Chosen` is kept until the answer has ended.
    ///
    /// `body_follows`: the head is held back until the body comes, which must be at once. `sent` is marked as the first byte
    /// leaves, as far as the connection is our own.
    pub(in crate::proxy) async fn peer(
        &self,
        route: &Arc<Route>,
        body_follows: bool,
        sent: Sent,
    ) -> pingora::Result<(Box<HttpPeer>, Chosen)> {
        let upstream = &route.upstream;
        let (number, place) = upstream.endpoints.choose(self.shared.pool.now());
        let chosen = Chosen { route: Arc::clone(route), number, _place: place };
        let peer = if !goes_through_pingora(upstream) {
            let (shared, route) = (Arc::clone(&self.shared), Arc::clone(route));
            let mut peer = HttpPeer::new(NOWHERE, false, String::new());
            // The time to connect is bounded where a connection is really made: Pingora's timer would cost every request.
            peer.options.custom_l4 = Some(Arc::new(Own { shared, route, number, body_follows, sent }));
            peer
        } else {
            let peer = self.shared.pooled(upstream, chosen.endpoint()).await;
            peer.inspect_err(|_| self.shared.failed(&chosen))?
        };
        let mut peer = Box::new(peer);
        peer.options.write_timeout = Some(upstream.read);
        Ok((peer, chosen))
    }

    /// No connection could be made, or none that the call could be sent on.
    pub(in crate::proxy) fn failed(&self, chosen: &Chosen) {
        self.shared.failed(chosen);
    }

    /// A connection was made that a call is about to be sent on.
    pub(in crate::proxy) fn sending(&self, chosen: &Chosen, sent: &Sent) {
        // A connection of our own says by itself when it was made, and where to, and when a first byte leaves.
        if goes_through_pingora(&chosen.route.upstream) {
            sent.mark();
            self.shared.reached(chosen);
        }
    }

    /// Closes idle connections as their time comes, has the addresses of the routes in force checked, and shows how they
    /// are; never returns.
    pub(in crate::proxy) async fn tend(&self, gateway: &Gateway) {
        let mut tending = Tending::new(Arc::clone(&self.shared), self.system_authorities);
        loop {
            tending.look(gateway);
            tokio::time::sleep(TICK).await;
            self.shared.pool.tick();
            self.shared.names.tick();
        }
    }
}

/// Whether Pingora makes and keeps the connections.
const fn goes_through_pingora(upstream: &Upstream) -> bool {
    upstream.tls.is_some() || upstream.http2
}

impl Shared {
    /// The peer of an address that is reached through Pingora's connectors.
    pub(super) async fn pooled(
        self: &Arc<Self>,
        upstream: &Upstream,
        endpoint: &Endpoint,
    ) -> pingora::Result<HttpPeer> {
        let server_name =
            if upstream.tls.is_some() { endpoint.server_name.to_string() } else { String::new() };
        let tls = upstream.tls.is_some();
        let mut peer = match &endpoint.address {
            EndpointAddress::Inet(address) => HttpPeer::new(*address, tls, server_name),
            EndpointAddress::Named { host, port } => {
                HttpPeer::new(self.names.address(host, *port, upstream.connect).await?, tls, server_name)
            }
            EndpointAddress::Unix(path) => {
                let path =
                    path.to_str().or_err(ErrorType::ConnectError, "the socket's path is not Unicode")?;
                HttpPeer::new_uds(path, tls, server_name)?
            }
        };
        let connect = ForPingora {
            shared: Arc::clone(self),
            address: endpoint.address.clone(),
            within: upstream.connect,
        };
        peer.options.custom_l4 = Some(Arc::new(connect));
        peer.options.total_connection_timeout = Some(upstream.connect);
        peer.options.idle_timeout = Some(TICK * IDLE_TICKS);
        peer.options.max_h2_streams = MAX_STREAMS;
        match (&upstream.tls, upstream.http2) {
            // Both are offered, and the tool chooses.
            (Some(_), true) => peer.options.set_http_version(2, 1),
            // Nobody is asked: the tool must speak it.
            (None, true) => peer.options.set_http_version(2, 2),
            (_, false) => peer.options.set_http_version(1, 1),
        }
        if let Some(tls) = &upstream.tls {
            if peer.sni.is_empty() {
                return Err(Error::explain(ErrorType::InvalidCert, "no name to verify"));
            }
            self.certificates.fit(&mut peer, tls);
        }
        // What is kept under an address may have been made to another address of the same host, so it is that host's alone.
        let mut hasher = DefaultHasher::new();
        (peer.group_key, &*endpoint.name).hash(&mut hasher);
        peer.group_key = hasher.finish();
        Ok(peer)
    }

    /// An address could not be reached: it is left alone for a while.
    pub(super) fn failed(&self, chosen: &Chosen) {
        let (route, endpoint) = (&chosen.route, chosen.endpoint());
        if endpoint.state.failed(self.pool.now(), route.upstream.health.is_some()) {
            tracing::warn!(route = %route.name, address = %endpoint.name, "an upstream address cannot be reached");
        }
    }

    /// A connection was made.
    pub(super) fn reached(&self, chosen: &Chosen) {
        let endpoint = chosen.endpoint();
        if endpoint.state.connected() {
            tracing::info!(route = %chosen.route.name, address = %endpoint.name, "an upstream address is reached again");
        }
    }
}

impl Chosen {
    pub(super) fn endpoint(&self) -> &Endpoint {
        self.route.upstream.endpoints.at(self.number)
    }
}
