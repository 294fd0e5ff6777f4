//! What callers without a key can take from everybody else: a connection for a while, and no more.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
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
    let patience = Duration::from_millis(200);
    let limits = ServeLimits { connections, head: patience, stall: patience, ..ServeLimits::OURS };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router =
        Router::new().route("/", get(|| async { "here" })).route("/long", get(|| async { "x".repeat(LONG) }));
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
