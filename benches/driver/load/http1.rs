//! Asking over HTTP/1.1: one request after the other on a connection. Start reading at `keep_asking`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use anyhow::bail;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::load::budget::{Budget, MAX_ERRORS};
use crate::load::tally::Seen;
use crate::wire::{Head, is_success};
use crate::workload::Workload;

/// A request as bytes, and where it goes.
#[derive(Clone, Debug)]
pub(super) struct Http1Call {
    address: SocketAddr,
    request: Arc<[u8]>,
}

impl Http1Call {
    pub(super) fn new(address: SocketAddr, workload: &Workload) -> Http1Call {
        Http1Call { address, request: workload.http1_request(address).into() }
    }
}

/// Asks on one connection until the budget is used up; a connection that fails is opened again.
pub(super) async fn keep_asking(call: Http1Call, budget: Arc<Budget>) -> Seen {
    let mut seen = Seen::default();
    while budget.is_open() && seen.errors < MAX_ERRORS {
        let asking = ask_on_connection(&call, &budget, &mut seen);
        match tokio::time::timeout_at(budget.give_up(), asking).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => seen.errors += 1,
        }
    }
    seen
}

async fn ask_on_connection(call: &Http1Call, budget: &Budget, seen: &mut Seen) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(call.address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(4096);
    while budget.take() {
        let asked = Instant::now();
        stream.write_all(&call.request).await?;
        read_answer(&mut stream, &mut buffer).await?;
        seen.answered(asked.elapsed(), is_success(&buffer));
    }
    Ok(())
}

async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> anyhow::Result<()> {
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            bail!("the connection was closed");
        }
        match Head::parse(buffer) {
            Some(head) if head.transfer_encoding => bail!("the answer has no Content-Length"),
            Some(head) if buffer.len() >= head.message_bytes() => return Ok(()),
            _ => {}
        }
    }
}
