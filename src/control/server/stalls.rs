//! A connection whose caller must take what it asked for: an answer that nobody reads ends it. And one that ends while its caller
//! still sends is not cut off before the caller can have read the answer.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use crate::control::server::places::Place;

/// How long, and how much in bytes, is taken of what a caller still sends after the answer: a connection closed with bytes unread
/// takes the answer with it.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_MAX_BYTES: usize = 64 * 1024 * 1024;

/// A connection whose writes fail once none of their bytes has been taken for a while.
#[derive(Debug)]
pub(super) struct Stalls {
    stream: TcpStream,
    patience: Duration,
    place: Arc<Place>,
    /// When the write that waits now fails.
    until: Option<Pin<Box<Sleep>>>,
    /// Until when a connection that we have ended is still read, and how much was.
    lingers: Option<(Pin<Box<Sleep>>, usize)>,
}

impl Stalls {
    /// Bytes written to `stream` may wait for `patience` until the caller takes some.
    pub(super) const fn new(stream: TcpStream, patience: Duration, place: Arc<Place>) -> Self {
        Self { stream, patience, place, until: None, lingers: None }
    }

    /// `written`, unless it has waited too long.
    fn within<T>(&mut self, written: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            if self.until.take().is_some() {
                self.place.stalls(false);
            }
            return written;
        }
        if self.until.is_none() {
            self.place.stalls(true);
        }
        let patience = self.patience;
        let until = self.until.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(until.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Reads, for nobody, until the caller has ended too, or long enough.
    fn linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some((until, taken)) = &mut self.lingers else { return Poll::Ready(()) };
        let mut buffer = [0; 16 * 1024];
        while *taken < LINGER_MAX_BYTES && until.as_mut().poll(context).is_pending() {
            let mut buffer = ReadBuf::new(&mut buffer);
            match ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => *taken += buffer.filled().len(),
                Ok(()) | Err(_) => break,
            }
        }
        Poll::Ready(())
    }
}

impl AsyncRead for Stalls {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stalls {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.within(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, buffers);
        self.within(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingers.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
            if !self.place.is_unread() {
                return Poll::Ready(Ok(()));
            }
            self.lingers = Some((Box::pin(sleep(LINGER)), 0));
        }
        self.linger(context).map(Ok)
    }
}
