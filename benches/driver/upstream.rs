//! The tool server behind every target: answers each request with the same small JSON-RPC result.
//!
//! It runs as a process of its own (`driver upstream`), so its CPU time is nobody else's, and it is as cheap
//! as a keep-alive HTTP/1.1 server on an event loop can be: long bodies are counted and dropped as they come. It
//! counts the calls it answered and the bytes of their bodies (`GET /count`), so that the driver can tell a
//! forwarded call from one a target answered itself, and a whole body from a cut one. It imports `wire` and
//! `workload`. Start reading at `run`.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Builder;

use crate::wire::{Head, exchange};
use crate::workload::ANSWER;

/// What an upstream was asked and answered in whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Served {
    pub(crate) calls: u64,
    pub(crate) body_bytes: u64,
}

/// The same, while it grows.
#[derive(Debug, Default)]
struct Counting {
    calls: AtomicU64,
    body_bytes: AtomicU64,
}

/// Room for what arrives at once; the rest of a long body is read into the same memory again.
const BUFFER_BYTES: usize = 64 * 1024;

/// Serves on a port of the system's choice, printed as `listening on ADDRESS`, until standard input ends: the
/// driver holds the other end, so an upstream never outlives a driver that was killed.
pub(crate) fn run(threads: usize) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").context("the upstream cannot listen")?;
    listener.set_nonblocking(true)?;
    let counting = Arc::new(Counting::default());
    for _ in 0..threads.max(1) {
        let (listener, counting) = (listener.try_clone()?, counting.clone());
        std::thread::spawn(move || accept(listener, &counting));
    }
    println!("listening on {}", listener.local_addr()?);
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// Asks the upstream at `address` what it has served.
pub(crate) fn served(address: SocketAddr) -> anyhow::Result<Served> {
    let request = format!("GET /count HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let counts = exchange(address, request.as_bytes())?;
    parse_served(&counts).context("the upstream's counts are not two numbers")
}

fn parse_served(counts: &str) -> Option<Served> {
    let (calls, body_bytes) = counts.split_once(' ')?;
    Some(Served { calls: calls.parse().ok()?, body_bytes: body_bytes.parse().ok()? })
}

/// One thread of the server: an event loop that accepts and serves its own connections.
fn accept(listener: TcpListener, counting: &Arc<Counting>) -> anyhow::Result<()> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(serve(stream, counting.clone()));
        }
    })
}

/// Answers requests until the client closes the connection.
async fn serve(mut stream: TcpStream, counting: Arc<Counting>) -> io::Result<()> {
    let answer = answer_bytes(ANSWER);
    let mut buffer = BytesMut::with_capacity(BUFFER_BYTES);
    loop {
        while let Some(head) = Head::parse(&buffer) {
            if head.transfer_encoding {
                return stream.write_all(b"HTTP/1.1 411 Length Required\r\nConnection: close\r\n\r\n").await;
            }
            if buffer.starts_with(b"GET /count") {
                let (calls, bytes) = (&counting.calls, &counting.body_bytes);
                let counts = format!("{} {}", calls.load(Ordering::Relaxed), bytes.load(Ordering::Relaxed));
                stream.write_all(&answer_bytes(&counts)).await?;
                buffer.advance(head.message_bytes());
                continue;
            }
            drop_message(&mut stream, &mut buffer, head.message_bytes()).await?;
            counting.calls.fetch_add(1, Ordering::Relaxed);
            counting.body_bytes.fetch_add(head.body_bytes as u64, Ordering::Relaxed);
            stream.write_all(&answer).await?;
        }
        if stream.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
    }
}

/// Reads on until a message of `bytes` that begins the buffer is there, and takes it out.
async fn drop_message(stream: &mut TcpStream, buffer: &mut BytesMut, bytes: usize) -> io::Result<()> {
    let mut missing = bytes;
    loop {
        let here = buffer.len().min(missing);
        buffer.advance(here);
        missing -= here;
        if missing == 0 {
            return Ok(());
        }
        buffer.clear();
        buffer.reserve(BUFFER_BYTES);
        if stream.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_are_read() {
        assert_eq!(parse_served("12 3600"), Some(Served { calls: 12, body_bytes: 3600 }));
        assert_eq!(parse_served("12"), None);
    }

    #[test]
    fn a_message_longer_than_the_buffer_is_taken_out_and_what_follows_stays() {
        let runtime = Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut sender = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (mut receiver, _) = listener.accept().await.unwrap();
            let sending = tokio::spawn(async move {
                sender.write_all(&vec![b'x'; 3 * BUFFER_BYTES]).await.unwrap();
                sender.write_all(b"next").await.unwrap();
            });
            let mut buffer = BytesMut::with_capacity(BUFFER_BYTES);
            drop_message(&mut receiver, &mut buffer, 3 * BUFFER_BYTES).await.unwrap();
            sending.await.unwrap();
            while buffer.len() < 4 {
                assert_ne!(receiver.read_buf(&mut buffer).await.unwrap(), 0);
            }
            assert_eq!(&buffer[..], b"next");
        });
    }
}
