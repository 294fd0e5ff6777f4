//! From a route's upstream to the peer Pingora connects to.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use pingora::connectors::L4Connect;
use pingora::protocols::l4::socket::SocketAddr as PeerAddress;
use pingora::protocols::l4::stream::Stream;
use pingora::protocols::l4::virt::VirtualSocketStream;
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorType, OrErr, Result};
use tokio::net::TcpStream;

use crate::decision::Upstream;
use crate::proxy::upstream::pool::{IDLE, IdlePool};
use crate::proxy::upstream::socket::UpstreamSocket;

/// Makes peers, and keeps the idle connections of all of them.
#[derive(Debug)]
pub(in crate::proxy) struct Peers {
    pool: Arc<IdlePool>,
    bodiless: Arc<Connect>,
    with_body: Arc<Connect>,
}

impl Peers {
    pub(in crate::proxy) fn new() -> Self {
        let pool = Arc::new(IdlePool::default());
        let connect = |body_follows| Arc::new(Connect { pool: Arc::clone(&pool), body_follows });
        Self { bodiless: connect(false), with_body: connect(true), pool }
    }

    /// The peer of an upstream, for one request. A host name is looked up anew, so that a moved service is found.
    ///
    /// `body_follows`: the head is held back until the body comes, which must be at once.
    pub(in crate::proxy) async fn peer(
        &self,
        upstream: &Upstream,
        body_follows: bool,
    ) -> Result<Box<HttpPeer>> {
        let address = match upstream.resolved {
            Some(address) => address,
            None => look_up(upstream).await?,
        };
        let mut peer = HttpPeer::new(address, false, String::new());
        peer.options.total_connection_timeout = Some(upstream.connect);
        peer.options.write_timeout = Some(upstream.read);
        let connect = if body_follows { &self.with_body } else { &self.bodiless };
        peer.options.custom_l4 = Some(Arc::<Connect>::clone(connect));
        Ok(Box::new(peer))
    }

    /// Closes idle connections as their time comes; never returns.
    pub(in crate::proxy) async fn sweep(&self) {
        loop {
            tokio::time::sleep(IDLE / 4).await;
            self.pool.sweep();
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
    body_follows: bool,
}

#[async_trait]
impl L4Connect for Connect {
    async fn connect(&self, address: &PeerAddress) -> Result<Stream> {
        let PeerAddress::Inet(address) = address else {
            return Err(Error::explain(ErrorType::ConnectError, "the upstream has no internet address"));
        };
        let stream = match self.pool.take(address) {
            Some(stream) => stream,
            None => dial(*address).await?,
        };
        let socket = UpstreamSocket::new(stream, *address, Arc::clone(&self.pool), self.body_follows);
        Ok(VirtualSocketStream::new(Box::new(socket)).into())
    }
}

async fn dial(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(address).await.or_err(ErrorType::ConnectError, "connecting")?;
    stream.set_nodelay(true).or_err(ErrorType::ConnectError, "setting TCP_NODELAY")?;
    Ok(stream)
}
