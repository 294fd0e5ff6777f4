//! A socket to an upstream, as Pingora uses it for one request.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pingora::protocols::l4::virt::{VirtualSockOpt, VirtualSocket};
use tokio::io::{AsyncRead, AsyncWrite, BufWriter, ReadBuf};

use crate::proxy::upstream::own::IdlePool;
use crate::proxy::upstream::own::Wire;
use crate::proxy::upstream::peer::Chosen;

/// Bytes gathered before they are written: most heads and the bodies of most calls fit together.
const WRITE_BUFFER_BYTES: usize = 8192;

/// How Pingora asks whether a connection it is done with may be used again: it reads one byte, and expects none. Nothing else
/// it reads has so little room.
const PROBE_BYTES: usize = 1;

/// A connection for one request. Dropped after Pingora found the connection fit for another request, it goes back to the
/// pool; dropped in any other state, it closes.
#[derive(Debug)]
pub(in crate::proxy::upstream) struct UpstreamSocket {
    /// `None` only while dropping.
    stream: Option<BufWriter<Wire>>,
    /// The address it goes to, which may be another than the one chosen first.
    chosen: Chosen,
    pool: Arc<IdlePool>,
    /// Whether the next flush is left out: it is the one after the head, and a body follows at once.
    body_follows: bool,
    /// Whether the last thing Pingora did was to ask if another request may use the connection: it does so only after a whole
    /// answer.
    answered: bool,
}

impl UpstreamSocket {
    pub(in crate::proxy::upstream) fn new(
        stream: Wire,
        chosen: Chosen,
        pool: Arc<IdlePool>,
        body_follows: bool,
    ) -> Self {
        // Without a body nothing is gained by waiting, and Pingora's time limit holds for a write but not for the flush behind it.
        let gathered = if body_follows { WRITE_BUFFER_BYTES } else { 0 };
        let stream = Some(BufWriter::with_capacity(gathered, stream));
        Self { stream, chosen, pool, body_follows, answered: false }
    }

    fn stream(&mut self) -> io::Result<Pin<&mut BufWriter<Wire>>> {
        self.stream.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl AsyncRead for UpstreamSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buffer.remaining() == PROBE_BYTES {
            // Answered as if the connection were closed, so that Pingora gives it up rather than keep it.
            self.answered = true;
            return Poll::Ready(Ok(()));
        }
        self.answered = false;
        self.stream()?.poll_read(context, buffer)
    }
}

impl AsyncWrite for UpstreamSocket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.answered = false;
        self.stream()?.poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if std::mem::take(&mut self.body_follows) {
            return Poll::Ready(Ok(()));
        }
        self.stream()?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.answered = false;
        self.stream()?.poll_shutdown(context)
    }
}

impl VirtualSocket for UpstreamSocket {
    fn set_socket_option(&self, _option: VirtualSockOpt) -> io::Result<()> {
        // The only one asked for is NoDelay, which is set when the connection is made, once and not for each request.
        Ok(())
    }
}

impl Drop for UpstreamSocket {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take().filter(|stream| self.answered && stream.buffer().is_empty())
        {
            self.pool.put(&self.chosen.endpoint().address, stream.into_inner().into_transport());
        }
    }
}
