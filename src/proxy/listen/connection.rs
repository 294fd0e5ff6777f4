//! A caller's connection, with one deadline that always fits what is being waited for.
//!
//! Pingora has no deadline over a whole head, none between requests after the first, and its upstream timeout would also cut
//! a silent stream. All of these waits have one thing in common: Pingora polls the caller's connection for reading meanwhile
//! (for the head, the body, or to notice that the caller left). So one deadline here, moved along by the phases, bounds them
//! all: when it passes, that read fails, and the phase that owns the wait says what to answer.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::{Buf, BytesMut};
use pingora::protocols::raw_connect::ProxyDigest;
use pingora::protocols::{
    GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, TimingDigest,
    UniqueID, UniqueIDType,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufWriter, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::proxy::listen::deadline::Deadline;
use crate::proxy::listen::socket::Socket;

/// Bytes gathered before they are written: the head of an answer and a small body leave in one segment.
const WRITE_BUFFER_BYTES: usize = 4096;

/// What HTTP/2 begins with.
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Most bytes that are taken from a caller before their time.
const EARLY_BYTES: usize = 16 * 1024;

/// A connection whose reads fail once its deadline has passed.
#[derive(Debug)]
pub(super) struct Connection {
    stream: BufWriter<Socket>,
    deadline: Arc<Deadline>,
    /// Bytes that were read before anybody asked for them.
    early: BytesMut,
    /// Armed for some past deadline at the latest; moved only when it would fire too late. So a busy connection touches the
    /// timer wheel about once per deadline's length, not once per request.
    timer: Option<Pin<Box<Sleep>>>,
    /// What Pingora shows of the connection to the phases.
    digest: Arc<ProxyDigest>,
}

impl Connection {
    pub(super) fn new(socket: Socket, deadline: Arc<Deadline>) -> Self {
        let stream = BufWriter::with_capacity(WRITE_BUFFER_BYTES, socket);
        let digest = deadline.digest();
        Self { stream, deadline, early: BytesMut::new(), timer: None, digest }
    }

    /// Whether the caller begins as HTTP/2 does. What was read to find out is read again.
    ///
    /// # Errors
    /// The caller left, or took too long.
    pub(super) async fn begins_http2(&mut self) -> io::Result<bool> {
        let mut begun = [0; HTTP2_PREFACE.len()];
        let mut seen = 0;
        let is_http2 = loop {
            let rest = begun.get_mut(seen..).unwrap_or_default();
            let count = self.read(rest).await?;
            seen += count;
            let begins = begun.get(..seen).is_some_and(|begun| HTTP2_PREFACE.starts_with(begun));
            if count == 0 || !begins || seen == begun.len() {
                break begins && seen == begun.len();
            }
        };
        self.early.extend_from_slice(begun.get(..seen).unwrap_or_default());
        Ok(is_http2)
    }

    /// Ready once the caller has left or the deadline has passed. What it sends meanwhile is for its next request and is kept; a
    /// caller that sends too much of it is taken for gone.
    fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut room = [MaybeUninit::uninit(); 1024];
        loop {
            let mut buffer = ReadBuf::uninit(&mut room);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Pending if self.poll_deadline(context) => {
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() && self.early.len() < EARLY_BYTES => {
                    self.early.extend_from_slice(buffer.filled());
                }
                Poll::Ready(read) => return Poll::Ready(read),
            }
        }
    }

    /// Whether the deadline has passed; if not, wakes the task when it does.
    fn poll_deadline(&mut self, context: &mut Context<'_>) -> bool {
        loop {
            let Some(at) = self.deadline.instant() else { return false };
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
            if timer.deadline() > at || timer.is_elapsed() {
                timer.as_mut().reset(at);
            }
            if timer.as_mut().poll(context).is_pending() {
                return false;
            }
            if self.deadline.instant().is_some_and(|at| Instant::now() >= at) {
                self.deadline.pass();
                return true;
            }
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.deadline.is_answering() {
            return self.poll_gone(context);
        }
        if !self.early.is_empty() {
            self.deadline.bytes_arrived();
            let count = self.early.len().min(buffer.remaining());
            buffer.put_slice(self.early.get(..count).unwrap_or_default());
            self.early.advance(count);
            return Poll::Ready(Ok(()));
        }
        let filled = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Ready(read) => {
                if buffer.filled().len() > filled {
                    self.deadline.bytes_arrived();
                }
                Poll::Ready(read)
            }
            Poll::Pending if self.poll_deadline(context) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[async_trait]
impl Shutdown for Connection {
    async fn shutdown(&mut self) {
        // The other side may be gone already.
        let _gone = self.stream.shutdown().await;
    }
}

impl UniqueID for Connection {
    fn id(&self) -> UniqueIDType {
        self.stream.get_ref().as_raw_fd()
    }
}

impl Ssl for Connection {}

impl GetTimingDigest for Connection {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        Vec::new()
    }
}

impl GetProxyDigest for Connection {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        Some(Arc::clone(&self.digest))
    }
}

impl GetSocketDigest for Connection {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        None
    }
}

impl Peek for Connection {}
