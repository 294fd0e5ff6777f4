//! From a route's upstream to the peer Pingora connects to.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pingora::connectors::L4Connect;
use pingora::protocols::l4::socket::SocketAddr as PeerAddress;
use pingora::protocols::l4::stream::Stream;
use pingora::protocols::l4::virt::VirtualSocketStream;
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorType, OrErr, Result};
use tokio::net::TcpStream;

use crate::decision::Upstream;
use crate::gateway::Sent;
use crate::proxy::upstream::pool::{IdlePool, TICK};
use crate::proxy::upstream::socket::UpstreamSocket;
use crate::proxy::upstream::wire::Wire;

/// Makes peers, and keeps the idle connections of all of them.
#[derive(Debug)]
pub(in crate::proxy) struct Peers {
    pool: Arc<IdlePool>,
}

impl Peers {
    pub(in crate::proxy) fn new() -> Self {
        Self { pool: Arc::new(IdlePool::default()) }
    }

    /// The peer of an upstream, for one request. A host name is looked up anew, so that a moved service is found.
    ///
    /// `body_follows`: the head is held back until the body comes, which must be at once. `sent` is marked as the first byte
    /// leaves.
    pub(in crate::proxy) async fn peer(
        &self,
        upstream: &Upstream,
        body_follows: bool,
        sent: Sent,
    ) -> Result<Box<HttpPeer>> {
        let address = match upstream.resolved {
            Some(address) => address,
            None => look_up(upstream).await?,
        };
        let mut peer = HttpPeer::new(address, false, String::new());
        // The time to connect is bounded where a connection is really made: Pingora's timer would cost every request.
        peer.options.write_timeout = Some(upstream.read);
        let connect = Connect { pool: Arc::clone(&self.pool), within: upstream.connect, body_follows, sent };
        peer.options.custom_l4 = Some(Arc::new(connect));
        Ok(Box::new(peer))
    }

    /// Closes idle connections as their time comes; never returns.
    pub(in crate::proxy) async fn sweep(&self) {
        loop {
            tokio::time::sleep(TICK).await;
            self.pool.tick();
        }
    }
}

async fn look_up(upstream: &Upstream) -> Result<SocketAddr> {
    let lookup = tokio::time::timeout(upstream.connect, tokio::net::lookup_host(&*upstream.address)).await;
    let found = lookup.ok().and_then(std::result::Result::ok).and_then(|mut addresses| addresses.next());
    found.ok_or_else(|| {
        let mut error = Error::explain(ErrorType::ConnectError, "the upstream's name could not be resolved");
        error.as_up();
        error
    })
}

/// How Pingora comes by a connection: an idle one, or a new one.
#[derive(Debug)]
struct Connect {
    pool: Arc<IdlePool>,
    within: Duration,
    body_follows: bool,
    sent: Sent,
}

#[async_trait]
impl L4Connect for Connect {
    async fn connect(&self, address: &PeerAddress) -> Result<Stream> {
        let PeerAddress::Inet(address) = address else {
            return Err(Error::explain(ErrorType::ConnectError, "the upstream has no internet address"));
        };
        let stream = match self.pool.take(address) {
            Some(stream) => stream,
            None => dial(*address, self.within).await?,
        };
        let wire = Wire::new(stream, self.sent.clone());
        let socket = UpstreamSocket::new(wire, *address, Arc::clone(&self.pool), self.body_follows);
        Ok(VirtualSocketStream::new(Box::new(socket)).into())
    }
}

async fn dial(address: SocketAddr, within: Duration) -> Result<TcpStream> {
    let connecting = tokio::time::timeout(within, TcpStream::connect(address)).await;
    let stream = connecting
        .or_err(ErrorType::ConnectTimedout, "connecting took too long")?
        .map_err(|error| Error::because(kind_of(&error), "connecting", error))?;
    stream.set_nodelay(true).or_err(ErrorType::ConnectError, "setting TCP_NODELAY")?;
    Ok(stream)
}

/// Pingora's word for what kept a connection from being made, as the log says it.
fn kind_of(error: &io::Error) -> ErrorType {
    match error.kind() {
        io::ErrorKind::TimedOut => ErrorType::ConnectTimedout,
        io::ErrorKind::ConnectionRefused => ErrorType::ConnectRefused,
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => ErrorType::ConnectNoRoute,
        _ => ErrorType::ConnectError,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_keeps_a_connection_from_being_made_is_told_apart() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let refused = dial(address, Duration::from_secs(5)).await.unwrap_err();
        assert_eq!(refused.etype(), &ErrorType::ConnectRefused);
        assert_eq!(kind_of(&io::ErrorKind::TimedOut.into()), ErrorType::ConnectTimedout);
    }
}
