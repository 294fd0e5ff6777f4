//! Asking over HTTP/2 without TLS: several requests at a time on a connection. Start reading at `keep_asking`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use h2::client::SendRequest;
use http::{Request, StatusCode};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::{timeout, timeout_at};

use crate::load::budget::{Budget, MAX_ERRORS};
use crate::load::tally::Seen;
use crate::workload::Workload;

/// A request's head and body, and where they go.
#[derive(Debug)]
pub(super) struct Http2Call {
    address: SocketAddr,
    head: Request<()>,
    body: Bytes,
}

impl Http2Call {
    pub(super) fn new(address: SocketAddr, workload: &Workload) -> anyhow::Result<Http2Call> {
        let (head, body) = workload.http2_request(address)?;
        Ok(Http2Call { address, head, body })
    }

    /// Opens a connection, which lives as long as its last sender.
    async fn connect(&self) -> anyhow::Result<SendRequest<Bytes>> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = h2::client::handshake(stream).await?;
        // How it ended shows in the streams.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }

    /// One request and its whole answer, whose body goes to `keep`.
    async fn ask(
        &self,
        sender: &SendRequest<Bytes>,
        mut keep: impl FnMut(&Bytes),
    ) -> anyhow::Result<StatusCode> {
        let mut ready = sender.clone().ready().await?;
        let (answer, mut sending) = ready.send_request(self.head.clone(), false)?;
        // Bytes beyond the window wait in the connection; they are shared, so that costs nothing.
        sending.send_data(self.body.clone(), true)?;
        let (head, mut body) = answer.await?.into_parts();
        while let Some(part) = body.data().await {
            let part = part?;
            body.flow_control().release_capacity(part.len())?;
            keep(&part);
        }
        Ok(head.status)
    }
}

/// Asks on one connection, `lanes` requests at a time, until the budget is used up; a connection that fails is opened
/// again.
pub(super) async fn keep_asking(call: Arc<Http2Call>, lanes: usize, budget: Arc<Budget>) -> Seen {
    let mut seen = Seen::default();
    while budget.is_open() && seen.errors < MAX_ERRORS {
        let Ok(Ok(sender)) = timeout_at(budget.give_up(), call.connect()).await else {
            seen.errors += 1;
            continue;
        };
        let mut asking = JoinSet::new();
        for _ in 0..lanes {
            asking.spawn(ask_on_lane(call.clone(), sender.clone(), budget.clone()));
        }
        drop(sender);
        for lane in asking.join_all().await {
            seen.add(lane);
        }
    }
    seen
}

/// One request after the other, until the budget is used up or one fails.
async fn ask_on_lane(call: Arc<Http2Call>, sender: SendRequest<Bytes>, budget: Arc<Budget>) -> Seen {
    let mut seen = Seen::default();
    let asking = async {
        while budget.take() {
            let asked = Instant::now();
            let Ok(status) = call.ask(&sender, |_| {}).await else {
                seen.errors += 1;
                return;
            };
            seen.answered(asked.elapsed(), status == StatusCode::OK);
        }
    };
    if timeout_at(budget.give_up(), asking).await.is_err() {
        seen.errors += 1;
    }
    seen
}

/// Sends one request on a connection of its own and gives the answer's body if it was 200.
pub(crate) fn exchange(address: SocketAddr, workload: &Workload) -> anyhow::Result<String> {
    let call = Http2Call::new(address, workload)?;
    let asking = async {
        let sender = call.connect().await.context("cannot connect")?;
        let mut body = Vec::new();
        let status = call.ask(&sender, |part| body.extend_from_slice(part)).await.context("no answer")?;
        let body = String::from_utf8_lossy(&body).into_owned();
        if status != StatusCode::OK {
            bail!("answered {status} with {body:?}");
        }
        Ok(body)
    };
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { timeout(Duration::from_secs(10), asking).await.context("no answer")? })
}
