//! Opening connections, with a bound on the time it takes.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pingora::{Error, ErrorType, OrErr, Result};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

use crate::decision::EndpointAddress;
use crate::proxy::listen::watch_for_silence;

/// A connection over TCP or a unix socket.
#[derive(Debug)]
pub(super) enum Transport {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// Connects to an address. A host's name is looked up anew, so that a moved service is found, and what is found is tried in
/// turn. `within` bounds all of it.
pub(super) async fn dial(address: &EndpointAddress, within: Duration) -> Result<Transport> {
    let connecting = async {
        match address {
            EndpointAddress::Inet(address) => TcpStream::connect(address).await.map(Transport::Tcp),
            EndpointAddress::Named { host, port } => {
                TcpStream::connect((&**host, *port)).await.map(Transport::Tcp)
            }
            EndpointAddress::Unix(path) => UnixStream::connect(path).await.map(Transport::Unix),
        }
    };
    bounded(within, connecting).await
}

/// Connects to the first of `addresses` that can be reached.
pub(super) async fn dial_any(addresses: &[SocketAddr], within: Duration) -> Result<Transport> {
    bounded(within, async { TcpStream::connect(addresses).await.map(Transport::Tcp) }).await
}

async fn bounded(
    within: Duration,
    connecting: impl Future<Output = io::Result<Transport>>,
) -> Result<Transport> {
    let connected = tokio::time::timeout(within, connecting).await;
    let transport = connected
        .or_err(ErrorType::ConnectTimedout, "connecting took too long")?
        .map_err(|error| Error::because(kind_of(&error), "connecting", error))?;
    if let Transport::Tcp(stream) = &transport {
        stream.set_nodelay(true).or_err(ErrorType::ConnectError, "setting TCP_NODELAY")?;
        // A tool that vanished would else hold every call that shares a connection with it.
        watch_for_silence(stream).or_err(ErrorType::ConnectError, "setting keep-alive")?;
    }
    Ok(transport)
}

/// Pingora's word for what kept a connection from being made, as the log says it.
fn kind_of(error: &io::Error) -> ErrorType {
    match error.kind() {
        io::ErrorKind::TimedOut => ErrorType::ConnectTimedout,
        io::ErrorKind::ConnectionRefused => ErrorType::ConnectRefused,
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => ErrorType::ConnectNoRoute,
        _ => ErrorType::ConnectError,
    }
}

impl AsFd for Transport {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
        }
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Unix(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Unix(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(context),
            Self::Unix(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Self::Unix(stream) => Pin::new(stream).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_keeps_a_connection_from_being_made_is_told_apart() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let patience = Duration::from_secs(5);
        let refused = dial(&EndpointAddress::Inet(address), patience).await.unwrap_err();
        assert_eq!(refused.etype(), &ErrorType::ConnectRefused);
        let folder = tempfile::tempdir().unwrap();
        let missing = EndpointAddress::Unix(folder.path().join("tool.sock").into());
        assert_eq!(dial(&missing, patience).await.unwrap_err().etype(), &ErrorType::ConnectError);
        assert_eq!(kind_of(&io::ErrorKind::TimedOut.into()), ErrorType::ConnectTimedout);
    }

    #[tokio::test]
    async fn a_name_is_tried_at_every_address_it_has() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        // Often both 127.0.0.1 and ::1, where nobody listens.
        let named = EndpointAddress::Named { host: "localhost".into(), port };
        assert!(matches!(dial(&named, Duration::from_secs(5)).await, Ok(Transport::Tcp(_))));
    }
}
