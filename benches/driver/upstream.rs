//! The tool server behind every target: answers each request with the same small JSON-RPC result.
//!
//! It runs as a process of its own (`driver upstream`), so its CPU time is nobody else's, and it is as cheap
//! as a keep-alive HTTP/1.1 server on an event loop can be. It counts the calls it answered (`GET /count`), so
//! that the driver can tell a forwarded call from one a target answered itself. It imports `wire`.
//! Start reading at `run`.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Builder;

use crate::wire::{ANSWER, Head};

/// Serves on a port of the system's choice, printed as `listening on ADDRESS`, until standard input ends: the
/// driver holds the other end, so an upstream never outlives a driver that was killed.
pub(crate) fn run(threads: usize) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").context("the upstream cannot listen")?;
    listener.set_nonblocking(true)?;
    let served = Arc::new(AtomicU64::new(0));
    for _ in 0..threads.max(1) {
        let (listener, served) = (listener.try_clone()?, served.clone());
        std::thread::spawn(move || accept(listener, &served));
    }
    println!("listening on {}", listener.local_addr()?);
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// Asks the upstream at `address` how many calls it has answered.
pub(crate) fn served(address: SocketAddr) -> anyhow::Result<u64> {
    let request = format!("GET /count HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let count = crate::wire::exchange(address, request.as_bytes())?;
    count.trim().parse().context("the upstream's count is not a number")
}

/// One thread of the server: an event loop that accepts and serves its own connections.
fn accept(listener: TcpListener, served: &Arc<AtomicU64>) -> anyhow::Result<()> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(serve(stream, served.clone()));
        }
    })
}

/// Answers requests until the client closes the connection.
async fn serve(mut stream: TcpStream, served: Arc<AtomicU64>) -> io::Result<()> {
    let answer = answer_bytes(ANSWER);
    let mut buffer = BytesMut::with_capacity(16 * 1024);
    loop {
        while let Some(head) = Head::parse(&buffer) {
            if head.transfer_encoding {
                return stream.write_all(b"HTTP/1.1 411 Length Required\r\nConnection: close\r\n\r\n").await;
            }
            if buffer.len() < head.message_bytes() {
                break;
            }
            if buffer.starts_with(b"GET /count") {
                let count = served.load(Ordering::Relaxed).to_string();
                stream.write_all(&answer_bytes(&count)).await?;
            } else {
                served.fetch_add(1, Ordering::Relaxed);
                stream.write_all(&answer).await?;
            }
            buffer.advance(head.message_bytes());
        }
        if stream.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
    }
}

fn answer_bytes(body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
