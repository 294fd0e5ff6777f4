//! A connection that tells when the first byte of a request leaves: until then the call has certainly not run.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::gateway::Sent;
use crate::proxy::upstream::dial::Transport;

/// A connection in use for one request.
#[derive(Debug)]
pub(in crate::proxy::upstream) struct Wire {
    stream: Transport,
    sent: Sent,
}

impl Wire {
    pub(in crate::proxy::upstream) const fn new(stream: Transport, sent: Sent) -> Self {
        Self { stream, sent }
    }

    pub(in crate::proxy::upstream) fn into_transport(self) -> Transport {
        self.stream
    }

    /// What the kernel has taken may arrive, whatever happens to the connection afterwards.
    fn wrote(&self, written: io::Result<usize>) -> Poll<io::Result<usize>> {
        if matches!(written, Ok(bytes) if bytes > 0) {
            self.sent.mark();
        }
        Poll::Ready(written)
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes));
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(context, slices));
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt, BufWriter};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    #[tokio::test]
    async fn what_is_held_back_is_not_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let sent = Sent::default();
        let mut socket = BufWriter::new(Wire::new(Transport::Tcp(stream), sent.clone()));
        socket.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        assert!(!sent.is_marked());
        socket.flush().await.unwrap();
        assert!(sent.is_marked());
    }
}
