//! What callers without a key can take from everybody else: a connection for a while, and no more.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use crate::control::server::serve::{ServeLimits, serve_within};

/// What a request of the HTTP/2 kind begins with, and its empty settings.
const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// Longest time for what must happen.
const SOON: Duration = Duration::from_secs(30);

/// More than any socket keeps for a caller that does not read.
const LONG: usize = 32 * 1024 * 1024;

/// A listener that serves so many at once, with little patience.
async fn listen(connections: usize) -> (SocketAddr, watch::Sender<bool>) {
    listen_with(Duration::from_millis(200), connections, &Arc::new(Semaphore::new(0))).await
}

/// A listener that serves so many at once. What is asked of `/work` is answered once `done` says so, to one after the other.
async fn listen_with(
    patience: Duration,
    connections: usize,
    done: &Arc<Semaphore>,
) -> (SocketAddr, watch::Sender<bool>) {
    let limits = ServeLimits { connections, head: patience, stall: patience, ..ServeLimits::OURS };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let done = Arc::clone(done);
    let work = move || async move {
        done.acquire().await.unwrap().forget();
        "worked"
    };
    let router = Router::new()
        .route("/", get(|| async { "here" }))
        .route("/long", get(|| async { "x".repeat(LONG) }))
        .route("/work", get(work))
        .route("/read", post(|body: Bytes| async move { body.len().to_string() }))
        .route("/unread", post(|| async { "no" }));
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(serve_within(limits, listener, router, stopped));
    (address, stop)
}

async fn connect(address: SocketAddr, first: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(first).await.unwrap();
    stream
}

async fn is_answered(address: SocketAddr) -> bool {
    let mut stream = connect(address, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    let mut answer = String::new();
    let read = timeout(SOON, stream.read_to_string(&mut answer)).await;
    read.is_ok_and(|read| read.is_ok()) && answer.starts_with("HTTP/1.1 200") && answer.ends_with("here")
}

#[tokio::test]
async fn more_connections_than_are_served_that_say_nothing_or_half_a_head_keep_nobody_out() {
    for begun in [&b""[..], b"G", b"GET / HTTP/1.1\r\nHost: x\r\n", HTTP2, b"PRI * HTTP/2.0\r\n"] {
        let (address, _stop) = listen(ServeLimits::OURS.connections).await;
        let mut silent = Vec::new();
        for _connection in 0..300 {
            silent.push(connect(address, begun).await);
        }
        assert!(is_answered(address).await, "{}", begun.escape_ascii());
    }
}

/// With a patience that outlasts every test, so that it is nobody's patience that makes room.
#[tokio::test]
async fn whoever_keeps_us_waiting_longest_makes_room() {
    for crowd in [
        &b""[..],
        b"GET / HT",
        HTTP2,
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf",
    ] {
        let (address, _stop) = listen_with(Duration::from_secs(3600), 16, &Arc::new(Semaphore::new(0))).await;
        let mut crowd_of = Vec::new();
        for _connection in 0..40 {
            crowd_of.push(connect(address, crowd).await);
        }
        assert!(is_answered(address).await, "{}", crowd.escape_ascii());
        let mut first = crowd_of.swap_remove(0);
        let mut said = Vec::new();
        // Sent away, with what it was owed or without.
        let _ended = timeout(SOON, first.read_to_end(&mut said)).await.unwrap();
    }
}

#[tokio::test]
async fn nobody_is_sent_away_who_is_being_worked_for() {
    let done = Arc::new(Semaphore::new(0));
    let (address, _stop) = listen_with(Duration::from_secs(3600), 2, &done).await;
    let ask = b"GET /work HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let mut worked_for = [connect(address, ask).await, connect(address, ask).await];
    let mut silent = Vec::new();
    for _connection in 0..20 {
        silent.push(connect(address, b"").await);
    }
    done.add_permits(2);
    for stream in &mut worked_for {
        let mut said = String::new();
        timeout(SOON, stream.read_to_string(&mut said)).await.unwrap().unwrap();
        assert!(said.ends_with("worked"), "{said}");
    }
    assert!(is_answered(address).await);
}

/// What is answered to `head` and so many bytes of a body; and to a second request on the connection.
async fn answers(address: SocketAddr, head: &str, body: usize) -> String {
    let stream = connect(address, format!("{head}\r\n\r\n").as_bytes()).await;
    let (mut reads, mut writes) = stream.into_split();
    let sending = tokio::spawn(async move {
        let piece = vec![b'x'; 64 * 1024];
        let mut left = body;
        while left > 0 {
            let length = left.min(piece.len());
            writes.write_all(&piece[..length]).await?;
            left -= length;
        }
        writes.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await?;
        Ok::<_, std::io::Error>(writes)
    });
    let mut said = Vec::new();
    let ended = timeout(SOON, reads.read_to_end(&mut said)).await.unwrap();
    assert!(ended.is_ok(), "{head}: {ended:?}");
    drop(sending.await.unwrap());
    String::from_utf8(said).unwrap()
}

#[tokio::test]
async fn whoever_sends_more_than_is_read_is_answered_and_told_that_the_connection_ends() {
    let (address, _stop) = listen_with(SOON, 16, &Arc::new(Semaphore::new(0))).await;
    for (head, body, ends) in [
        ("POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 100", 100, false),
        ("POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000", 1_000_000, false),
        ("POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000", 9_000_000, true),
        ("POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000", 0, true),
        ("POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nExpect: 100-continue", 0, true),
        ("POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 100", 100, false),
        ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000", 9_000_000, true),
    ] {
        let said = answers(address, head, body).await;
        let (first, second) = said.split_at(said.rfind("HTTP/1.1 ").unwrap());
        let one = if ends { second } else { first };
        assert!(one.starts_with("HTTP/1.1 200"), "{head}: {said}");
        assert_eq!(one.contains("connection: close\r\n"), ends, "{head}: {said}");
        assert!(first.is_empty() == ends && (ends || second.ends_with("here")), "{head}: {said}");
    }
    let broken = answers(address, "POST /read HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked", 100).await;
    assert!(broken.starts_with("HTTP/1.1 400") && broken.contains("connection: close\r\n"), "{broken}");
}

#[tokio::test]
async fn connections_that_were_answered_and_stay_keep_nobody_out() {
    let (address, _stop) = listen(ServeLimits::OURS.connections).await;
    let mut idle = Vec::new();
    for _connection in 0..300 {
        idle.push(connect(address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await);
    }
    assert!(is_answered(address).await);
}

#[tokio::test]
async fn an_answer_that_nobody_reads_ends_its_connection() {
    let (address, _stop) = listen(1).await;
    let _unread = connect(address, b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(is_answered(address).await);
}

#[tokio::test]
async fn an_answer_that_is_read_in_pieces_comes_whole() {
    let (address, _stop) = listen(ServeLimits::OURS.connections).await;
    let mut slow = connect(address, b"GET /long HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    let mut read = 0;
    let mut piece = vec![0; 1024 * 1024];
    loop {
        let count = timeout(SOON, slow.read(&mut piece)).await.unwrap().unwrap();
        if count == 0 {
            break;
        }
        read += count;
    }
    assert!(read > LONG, "{read}");
}
