//! Binding a listener, and accepting callers from it.

use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::net::sockopt;
use tokio::net::{TcpListener, TcpStream, UnixListener};

use crate::config::ListenAddress;
use crate::proxy::ProxyError;
use crate::proxy::listen::socket::Socket;

/// A connection silent for so long is probed,
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
/// again and again after so long,
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
/// and ends after so many probes without an answer.
const KEEPALIVE_PROBES: u32 = 3;
/// How long a caller may leave what it was sent untaken, in milliseconds.
const UNTAKEN_MS: u32 = 60_000;

/// A bound listener.
#[derive(Debug)]
pub(super) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener, SocketFile),
}

impl Listener {
    /// Binds `address`.
    pub(super) async fn bind(address: &ListenAddress) -> Result<Self, ProxyError> {
        let bound = match address {
            ListenAddress::Tcp(address) => TcpListener::bind(address).await.map(Self::Tcp),
            ListenAddress::Unix(path) => bind_unix(path).map(|(listener, file)| Self::Unix(listener, file)),
        };
        bound.map_err(|source| ProxyError::Listen { address: address.to_string(), source })
    }

    /// Where it really listens.
    pub(super) fn address(&self) -> Option<ListenAddress> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok().map(ListenAddress::Tcp),
            Self::Unix(_, file) => Some(ListenAddress::Unix(file.path.clone())),
        }
    }

    /// The next caller; `None` when it left before it was served.
    pub(super) async fn accept(&self) -> io::Result<Option<Socket>> {
        Ok(match self {
            Self::Tcp(listener) => {
                let (stream, _peer) = listener.accept().await?;
                watch_for_silence(&stream).ok().map(|()| Socket::Tcp(stream))
            }
            Self::Unix(listener, _) => Some(Socket::Unix(listener.accept().await?.0)),
        })
    }
}

/// A socket's file, removed when its listener goes, if it still is that one's.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    inode: u64,
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if std::fs::symlink_metadata(&self.path).is_ok_and(|file| file.ino() == self.inode) {
            // One that is left behind is found dead by the next start.
            let _left = std::fs::remove_file(&self.path);
        }
    }
}

/// Binds a socket that only this user may open. It gets its name when it is ready: nobody meets it with wider rights, and one
/// that a dead process left is replaced.
fn bind_unix(path: &Path) -> io::Result<(UnixListener, SocketFile)> {
    match std::fs::symlink_metadata(path) {
        Ok(file) if !file.file_type().is_socket() => {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is a file that is no socket"));
        }
        Ok(_) if StdUnixStream::connect(path).is_ok() => {
            return Err(io::Error::new(io::ErrorKind::AddrInUse, "another process listens there"));
        }
        Ok(_) | Err(_) => {}
    }
    let beside = path.parent().unwrap_or(Path::new("."));
    let private = beside.join(format!(".aegis-{}", std::process::id()));
    std::fs::DirBuilder::new().mode(0o700).create(&private)?;
    let bound = bind_private(&private.join("s"), path);
    let removed = std::fs::remove_dir_all(&private);
    let listener = bound?;
    removed?;
    let inode = std::fs::symlink_metadata(path)?.ino();
    Ok((listener, SocketFile { path: path.to_owned(), inode }))
}

fn bind_private(private: &Path, path: &Path) -> io::Result<UnixListener> {
    use std::os::unix::fs::PermissionsExt;
    let listener = UnixListener::bind(private)?;
    std::fs::set_permissions(private, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(private, path)?;
    Ok(listener)
}

/// Has the kernel find out that the other side is gone and did not say so (a laptop asleep, a lost NAT entry): an open stream
/// waits for ever otherwise, and keeps its place among the requests under way.
pub(in crate::proxy) fn watch_for_silence(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, KEEPALIVE_IDLE)?;
    sockopt::set_tcp_keepintvl(stream, KEEPALIVE_INTERVAL)?;
    sockopt::set_tcp_keepcnt(stream, KEEPALIVE_PROBES)?;
    // What was sent and not taken for so long ends the connection as well.
    sockopt::set_tcp_user_timeout(stream, UNTAKEN_MS)?;
    Ok(())
}
