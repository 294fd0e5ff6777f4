//! How Pingora comes by a connection.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pingora::Result;
use pingora::connectors::L4Connect;
use pingora::protocols::l4::socket::SocketAddr as PeerAddress;
use pingora::protocols::l4::stream::Stream;
use pingora::protocols::l4::virt::VirtualSocketStream;
use tokio::time::Instant;

use crate::decision::{EndpointAddress, Route};
use crate::gateway::Sent;
use crate::proxy::upstream::dial::{Transport, dial, dial_any};
use crate::proxy::upstream::names::look_up;
use crate::proxy::upstream::own::UpstreamSocket;
use crate::proxy::upstream::own::Wire;
use crate::proxy::upstream::peer::{Chosen, Shared};

/// HTTP/1.1 without TLS: an idle connection of our own pool, or a new one.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) shared: Arc<Shared>,
    pub(super) route: Arc<Route>,
    /// The number of the address.
    pub(super) number: usize,
    pub(super) body_follows: bool,
    pub(super) sent: Sent,
}

#[async_trait]
impl L4Connect for Own {
    async fn connect(&self, _address: &PeerAddress) -> Result<Stream> {
        let pooled = self.shared.pool.take(&self.route.upstream.endpoints.at(self.number).address);
        let chosen = Chosen { route: Arc::clone(&self.route), number: self.number, _place: None };
        let (transport, chosen) = match pooled {
            Some(transport) => (transport, chosen),
            None => self.open(chosen).await?,
        };
        let wire = Wire::new(transport, self.sent.clone());
        let socket = UpstreamSocket::new(wire, chosen, Arc::clone(&self.shared.pool), self.body_follows);
        Ok(VirtualSocketStream::new(Box::new(socket)).into())
    }
}

impl Own {
    /// A new connection. Where the address cannot be reached, another fit one is tried once: nothing was sent yet, so this
    /// repeats no call.
    async fn open(&self, chosen: Chosen) -> Result<(Transport, Chosen)> {
        let (shared, within) = (&self.shared, self.route.upstream.connect);
        let started = Instant::now();
        let second = self.route.upstream.endpoints.instead_of(self.number, shared.pool.now());
        // Half of the time, so that some is left for the other one.
        let first_within = if second.is_some() { within / 2 } else { within };
        let error = match dial(&chosen.endpoint().address, first_within).await {
            Ok(transport) => {
                shared.reached(&chosen);
                return Ok((transport, chosen));
            }
            Err(error) => error,
        };
        shared.failed(&chosen);
        let Some((number, place)) = second else { return Err(error) };
        let chosen = Chosen { route: chosen.route, number, _place: place };
        let address = &chosen.endpoint().address;
        let transport = match shared.pool.take(address) {
            Some(transport) => transport,
            None => {
                let left = within.saturating_sub(started.elapsed());
                let dialed = dial(address, left).await;
                dialed.inspect(|_| shared.reached(&chosen)).inspect_err(|_| shared.failed(&chosen))?
            }
        };
        Ok((transport, chosen))
    }
}

/// TLS or HTTP/2: always a new connection, which Pingora keeps. It is made to the address that Pingora was told, since by
/// that it is found again; only a host with several addresses is tried at the others too.
#[derive(Debug)]
pub(super) struct ForPingora {
    pub(super) shared: Arc<Shared>,
    pub(super) address: EndpointAddress,
    /// Longest time for all of it.
    pub(super) within: Duration,
}

#[async_trait]
impl L4Connect for ForPingora {
    async fn connect(&self, address: &PeerAddress) -> Result<Stream> {
        let transport = match (&self.address, address) {
            (EndpointAddress::Named { host, port }, PeerAddress::Inet(address)) => {
                let first = dial(&EndpointAddress::Inet(*address), self.within / 2).await;
                let connected = match first {
                    Ok(transport) => Ok(transport),
                    Err(_) => {
                        let others = look_up(host, *port, self.within / 4).await?;
                        dial_any(&others, self.within / 4).await
                    }
                };
                let transport = connected.inspect_err(|_| self.shared.names.forget(host, *port))?;
                if let Transport::Tcp(stream) = &transport
                    && let Ok(reached) = stream.peer_addr()
                {
                    self.shared.names.reached(host, *port, reached);
                }
                transport
            }
            _ => dial(&self.address, self.within).await?,
        };
        Ok(match transport {
            Transport::Tcp(stream) => stream.into(),
            Transport::Unix(stream) => stream.into(),
        })
    }
}
