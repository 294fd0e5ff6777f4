//! A caller's connection, with one deadline that always fits what is being waited for.
//!
//! Pingora has no deadline over a whole head, none between requests after the first, and its upstream timeout would also cut
//! a silent stream. All of these waits have one thing in common: Pingora polls the caller's connection for reading meanwhile
//! (for the head, the body, or to notice that the caller left). So one deadline here, moved along by the phases, bounds them
//! all: when it passes, that read fails, and the phase that owns the wait says what to answer.

use std::io;
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use pingora::protocols::raw_connect::ProxyDigest;
use pingora::protocols::{
    GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, TimingDigest,
    UniqueID, UniqueIDType,
};
use pingora::proxy::Session;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufWriter, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

/// Bytes gathered before they are written: the head of an answer and a small body leave in one segment.
const WRITE_BUFFER_BYTES: usize = 4096;

/// No deadline.
const NEVER: u64 = u64::MAX;

/// The deadline of a connection, shared between its stream and the phases of its requests.
#[derive(Debug)]
pub(super) struct Deadline {
    origin: Instant,
    /// Microseconds after `origin`; [`NEVER`] = none.
    at: AtomicU64,
    /// Set while the next byte would be the first of a request.
    awaiting_head: AtomicBool,
    passed: AtomicBool,
    /// Set from the whole request to the end of its answer.
    answering: AtomicBool,
    head: Duration,
}

impl Deadline {
    /// A deadline of a fresh connection; a head may take `head` from its first byte on.
    pub(super) fn new(head: Duration) -> Self {
        Self {
            origin: Instant::now(),
            at: AtomicU64::new(NEVER),
            awaiting_head: AtomicBool::new(false),
            passed: AtomicBool::new(false),
            answering: AtomicBool::new(false),
            head,
        }
    }

    /// The deadline of the connection `session` came by. It travels in the one field of a connection that Pingora hands on
    /// unread, which is meant for what a CONNECT proxy answered.
    pub(super) fn of(session: &Session) -> Option<Arc<Self>> {
        let digest = session.downstream_session.digest()?.proxy_digest.as_ref()?;
        digest.user_data.as_ref()?.downcast_ref::<Arc<Self>>().map(Arc::clone)
    }

    /// Waits for the next request, at most `idle`.
    pub(super) fn await_request(&self, idle: Duration) {
        self.within(idle);
        self.answering.store(false, Ordering::Relaxed);
        self.awaiting_head.store(true, Ordering::Relaxed);
    }

    /// What is waited for now may take `span`.
    pub(super) fn within(&self, span: Duration) {
        self.passed.store(false, Ordering::Relaxed);
        let at = self.origin.elapsed() + span;
        self.at.store(u64::try_from(at.as_micros()).unwrap_or(NEVER), Ordering::Relaxed);
    }

    /// What is waited for now may take any time.
    pub(super) fn clear(&self) {
        self.awaiting_head.store(false, Ordering::Relaxed);
        self.at.store(NEVER, Ordering::Relaxed);
    }

    /// The request is whole: what the caller sends from now on is for later. Pingora reads on to notice a caller that leaves,
    /// and would take an early next request for a broken one and drop the answer of a call that may have run.
    pub(super) fn request_is_whole(&self) {
        self.answering.store(true, Ordering::Relaxed);
    }

    /// Whether a wait was ended by the deadline.
    pub(super) fn has_passed(&self) -> bool {
        self.passed.load(Ordering::Relaxed)
    }

    fn bytes_arrived(&self) {
        if self.awaiting_head.swap(false, Ordering::Relaxed) {
            self.within(self.head);
        }
    }

    fn instant(&self) -> Option<Instant> {
        match self.at.load(Ordering::Relaxed) {
            NEVER => None,
            at => Some(self.origin + Duration::from_micros(at)),
        }
    }
}

/// A connection whose reads fail once its deadline has passed.
#[derive(Debug)]
pub(super) struct Connection {
    stream: BufWriter<TcpStream>,
    deadline: Arc<Deadline>,
    /// Armed for some past deadline at the latest; moved only when it would fire too late. So a busy connection touches the
    /// timer wheel about once per deadline's length, not once per request.
    timer: Option<Pin<Box<Sleep>>>,
    /// What Pingora shows of the connection to the phases.
    digest: Arc<ProxyDigest>,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, deadline: Arc<Deadline>) -> Self {
        let stream = BufWriter::with_capacity(WRITE_BUFFER_BYTES, stream);
        let (head, ()) = http::Response::new(()).into_parts();
        let shown = Box::new(Arc::clone(&deadline));
        let digest = Arc::new(ProxyDigest::new(Box::new(head.into()), Some(shown)));
        Self { stream, deadline, timer: None, digest }
    }

    /// Ready once the caller has left or the deadline has passed; bytes that wait are left where they are.
    fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut probe = [0];
        match self.stream.get_ref().poll_peek(context, &mut ReadBuf::new(&mut probe)) {
            Poll::Ready(Ok(0)) => Poll::Ready(Ok(())),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(_)) | Poll::Pending if self.poll_deadline(context) => {
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Poll::Ready(Ok(_)) | Poll::Pending => Poll::Pending,
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
                self.deadline.passed.store(true, Ordering::Relaxed);
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
        if self.deadline.answering.load(Ordering::Relaxed) {
            return self.poll_gone(context);
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
