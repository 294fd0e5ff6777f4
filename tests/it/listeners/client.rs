//! An HTTP/2 client: one connection, one request after the other or several at once.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use http::{Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection with a runtime of its own.
pub struct Http2 {
    pub runtime: Runtime,
    pub requests: SendRequest<Bytes>,
}

impl Http2 {
    /// Without TLS.
    pub fn connect(address: SocketAddr) -> Self {
        let runtime = Runtime::new().unwrap();
        let stream = runtime.block_on(TcpStream::connect(address)).unwrap();
        Self::over(runtime, stream)
    }

    /// Over a stream that is there already.
    pub fn over(runtime: Runtime, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        let requests = runtime.block_on(async {
            let (requests, connection) = h2::client::handshake(stream).await.unwrap();
            tokio::spawn(connection);
            requests
        });
        Self { runtime, requests }
    }

    /// Sends a request and reads its answer.
    pub fn request(&self, request: Request<()>, body: &[u8]) -> Result<(Response<()>, Vec<u8>), h2::Error> {
        let requests = self.requests.clone();
        self.runtime.block_on(async {
            tokio::time::timeout(PATIENCE, exchange(requests, request, body)).await.unwrap()
        })
    }
}

/// Status and body of the answer to `request`.
pub async fn exchange(
    requests: SendRequest<Bytes>,
    request: Request<()>,
    body: &[u8],
) -> Result<(Response<()>, Vec<u8>), h2::Error> {
    let mut requests = requests.ready().await?;
    let (response, mut sending) = requests.send_request(request, body.is_empty())?;
    let send = async {
        let mut rest = body;
        while !rest.is_empty() {
            sending.reserve_capacity(rest.len());
            // The other side may have answered, and wants no more.
            let Some(Ok(room)) = std::future::poll_fn(|context| sending.poll_capacity(context)).await else {
                return;
            };
            let (now, later) = rest.split_at(room.min(rest.len()));
            if sending.send_data(Bytes::copy_from_slice(now), later.is_empty()).is_err() {
                return;
            }
            rest = later;
        }
    };
    let (response, ()) = tokio::join!(response, send);
    let (head, mut receiving) = response?.into_parts();
    let mut body = Vec::new();
    while let Some(chunk) = receiving.data().await {
        let chunk = chunk?;
        receiving.flow_control().release_capacity(chunk.len())?;
        body.extend_from_slice(&chunk);
    }
    Ok((Response::from_parts(head, ()), body))
}

/// A request for `http://x` and `target`.
pub fn to(method: &str, target: &str) -> Request<()> {
    Request::builder().method(method).uri(format!("http://x{target}")).body(()).unwrap()
}
