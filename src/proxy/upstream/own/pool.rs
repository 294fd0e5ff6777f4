//! Idle connections, by address.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use foldhash::fast::RandomState;
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};

use crate::decision::EndpointAddress;
use crate::proxy::upstream::dial::Transport;

/// The pool's measure of time: a clock that is read by nobody but whoever moves it.
pub(in crate::proxy::upstream) const TICK: Duration = Duration::from_secs(1);

/// How long an idle connection is kept, in ticks: under the five seconds after which many servers close theirs.
pub(in crate::proxy::upstream) const IDLE_TICKS: u32 = 4;

/// Most idle connections to one address.
const MAX_IDLE: usize = 256;

/// The idle connections of a data plane. The lock is held for a push, a pop or a look at the ages, never while closing.
#[derive(Debug, Default)]
pub(in crate::proxy::upstream) struct IdlePool {
    idle: Mutex<HashMap<EndpointAddress, Vec<Idle>, RandomState>>,
    now: AtomicU32,
}

#[derive(Debug)]
struct Idle {
    stream: Transport,
    since: u32,
}

impl IdlePool {
    /// A connection to `address` that is still open, the last one used first.
    pub(in crate::proxy::upstream) fn take(&self, address: &EndpointAddress) -> Option<Transport> {
        loop {
            let Idle { stream, since } = self.lock().get_mut(address)?.pop()?;
            if self.is_young(since) && is_open(&stream) {
                return Some(stream);
            }
        }
    }

    /// Keeps a connection for the next call; one too many is closed.
    pub(in crate::proxy::upstream) fn put(&self, address: &EndpointAddress, stream: Transport) {
        let kept = Idle { stream, since: self.now() };
        let mut idle = self.lock();
        match idle.get_mut(address) {
            Some(of_address) if of_address.len() < MAX_IDLE => of_address.push(kept),
            Some(_) => {
                drop(idle);
                drop(kept);
            }
            None => _ = idle.insert(address.clone(), vec![kept]),
        }
    }

    /// The time in ticks.
    pub(in crate::proxy::upstream) fn now(&self) -> u32 {
        self.now.load(Ordering::Relaxed)
    }

    /// Another [`TICK`] has passed: closes what was idle too long, and forgets addresses nobody is connected to.
    pub(in crate::proxy::upstream) fn tick(&self) {
        self.now.fetch_add(1, Ordering::Relaxed);
        let mut old = Vec::new();
        self.lock().retain(|_, of_address| {
            old.extend(of_address.extract_if(.., |idle| !self.is_young(idle.since)));
            !of_address.is_empty()
        });
        drop(old);
    }

    fn is_young(&self, since: u32) -> bool {
        self.now().wrapping_sub(since) < IDLE_TICKS
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<EndpointAddress, Vec<Idle>, RandomState>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the other side has neither closed an idle connection nor sent anything nobody asked for.
///
/// The kernel is asked. The runtime would answer without a system call, but from what it has heard so far, and bytes it has not
/// heard of would be read as the answer to another caller's request.
fn is_open(stream: &Transport) -> bool {
    let looked = recv(stream, &mut [0], RecvFlags::PEEK | RecvFlags::DONTWAIT);
    matches!(looked, Err(Errno::AGAIN))
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::net::{TcpListener, TcpStream, UnixStream};

    use super::*;

    async fn pair() -> (Transport, TcpStream, EndpointAddress) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (ours, theirs) = tokio::join!(TcpStream::connect(address), listener.accept());
        (Transport::Tcp(ours.unwrap()), theirs.unwrap().0, EndpointAddress::Inet(address))
    }

    #[tokio::test]
    async fn an_open_connection_is_used_again_and_only_once() {
        let (ours, _theirs, address) = pair().await;
        let pool = IdlePool::default();
        pool.put(&address, ours);
        assert!(pool.take(&address).is_some());
        assert!(pool.take(&address).is_none());
    }

    #[tokio::test]
    async fn a_connection_the_server_closed_or_wrote_to_is_not_used_again() {
        for unasked in [&b""[..], b"x"] {
            let (ours, mut theirs, address) = pair().await;
            theirs.write_all(unasked).await.unwrap();
            // On loopback what one side has sent is with the other at once; the runtime has not looked yet.
            if unasked.is_empty() {
                drop(theirs);
            }
            let pool = IdlePool::default();
            pool.put(&address, ours);
            assert!(pool.take(&address).is_none());
        }
    }

    #[tokio::test]
    async fn connections_over_unix_sockets_are_kept_too() {
        let address = EndpointAddress::Unix(std::path::Path::new("/run/tool.sock").into());
        let other = EndpointAddress::Unix(std::path::Path::new("/run/other.sock").into());
        let (ours, theirs) = UnixStream::pair().unwrap();
        let pool = IdlePool::default();
        pool.put(&address, Transport::Unix(ours));
        assert!(pool.take(&other).is_none());
        let kept = pool.take(&address).unwrap();
        drop(theirs);
        pool.put(&address, kept);
        assert!(pool.take(&address).is_none());
    }

    #[tokio::test]
    async fn a_connection_idle_too_long_is_closed() {
        let (ours, _theirs, address) = pair().await;
        let pool = IdlePool::default();
        pool.put(&address, ours);
        for _ in 1..IDLE_TICKS {
            pool.tick();
        }
        assert_eq!(pool.lock().len(), 1);
        pool.tick();
        assert!(pool.lock().is_empty());
    }

    #[tokio::test]
    async fn no_more_than_the_limit_are_kept_for_an_address() {
        let (second, theirs, address) = pair().await;
        let pool = IdlePool::default();
        let crowd: Vec<_> = (0..MAX_IDLE).map(|_| Idle { stream: duplicate(&second), since: 0 }).collect();
        pool.lock().insert(address.clone(), crowd);
        pool.put(&address, second);
        assert_eq!(pool.lock().get(&address).map(Vec::len), Some(MAX_IDLE));
        drop(theirs);
    }

    /// Another handle of the same connection: cheaper than a connection.
    fn duplicate(stream: &Transport) -> Transport {
        let descriptor = rustix::io::dup(stream).unwrap();
        Transport::Tcp(TcpStream::from_std(std::net::TcpStream::from(descriptor)).unwrap())
    }
}
