//! The yardstick: bare Pingora that passes requests through and does nothing else.
//!
//! The gateway's own cost is reported as a ratio to this program, so it must be neither slowed down nor
//! tuned: the same allocator, thread count, connection pool, upstream deadlines and HTTP/2 windows as the gateway,
//! HTTP/1.1 and h2c on one port as there, Pingora's defaults for the rest, and the only callback that Pingora
//! insists on. Bodies of any length stream through. It imports nothing of ours.
//! `LISTEN` and `UPSTREAM` (both `address:port`) come from the environment. Start reading at `main`.

use std::net::SocketAddr;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use pingora::apps::HttpServerOptions;
use pingora::protocols::http::v2::server::{H2Options, default_h2_options};
use pingora::proxy::{ProxyHttp, Session, http_proxy_service};
use pingora::server::Server;
use pingora::server::configuration::ServerConf;
use pingora::upstreams::peer::HttpPeer;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The windows of the gateway's HTTP/2 (`src/proxy/listen/http2.rs`), in bytes: of one stream, of a connection.
const STREAM_WINDOW_BYTES: u32 = 256 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;

fn main() -> anyhow::Result<()> {
    let listen: SocketAddr = address("LISTEN")?;
    let upstream: SocketAddr = address("UPSTREAM")?;

    let mut server = Server::new_with_opt_and_conf(None, server_settings()?);
    server.bootstrap();
    let mut service = http_proxy_service(&server.configuration, PassThrough { peer: peer(upstream) });
    let proxy = service.app_logic_mut().context("the service has no proxy")?;
    let mut options = HttpServerOptions::default();
    options.h2c = true;
    proxy.server_options = Some(options);
    proxy.h2_options = Some(http2_options());
    service.add_tcp(&listen.to_string());
    server.add_service(service);
    server.run_forever()
}

/// Forwards everything to one upstream.
struct PassThrough {
    /// Built once; a request clones it, which copies no heap data.
    peer: HttpPeer,
}

#[async_trait]
impl ProxyHttp for PassThrough {
    type CTX = ();

    fn new_ctx(&self) -> Self::CTX {}

    async fn upstream_peer(&self, _: &mut Session, (): &mut Self::CTX) -> pingora::Result<Box<HttpPeer>> {
        Ok(Box::new(self.peer.clone()))
    }
}

fn peer(upstream: SocketAddr) -> HttpPeer {
    let mut peer = HttpPeer::new(upstream, false, String::new());
    peer.options.connection_timeout = Some(Duration::from_secs(2));
    peer.options.read_timeout = Some(Duration::from_secs(60));
    peer.options.idle_timeout = Some(Duration::from_secs(4));
    peer
}

fn http2_options() -> H2Options {
    let mut options = default_h2_options();
    options.initial_window_size(STREAM_WINDOW_BYTES);
    options.initial_connection_window_size(CONNECTION_WINDOW_BYTES);
    options
}

fn server_settings() -> anyhow::Result<ServerConf> {
    let threads = available_parallelism().context("the number of CPUs cannot be read")?.get();
    Ok(ServerConf {
        threads,
        upstream_keepalive_pool_size: 128,
        // Pingora would wait five minutes after SIGTERM; a benchmark has nothing to finish.
        grace_period_seconds: Some(0),
        graceful_shutdown_timeout_seconds: Some(0),
        ..ServerConf::default()
    })
}

fn address(name: &str) -> anyhow::Result<SocketAddr> {
    let text = std::env::var(name).with_context(|| format!("{name} is not set: give address:port"))?;
    text.parse().with_context(|| format!("{name}={text} is not address:port"))
}
