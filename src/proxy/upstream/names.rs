//! Addresses of hosts that are reached through Pingora's pool, which finds a connection by the address it was made to.
//!
//! So the address must be known before there is a connection to use again, and looking it up for every request would cost a
//! trip to a name server. What was found is kept as long as an idle connection would be.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use foldhash::fast::RandomState;
use pingora::{Error, ErrorType, Result};

use crate::proxy::upstream::own::IDLE_TICKS;

type Host = (Arc<str>, u16);

/// The addresses of hosts, for a while.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: Mutex<HashMap<Host, Known, RandomState>>,
}

#[derive(Debug)]
struct Known {
    address: SocketAddr,
    /// How many ticks it was known at.
    age: u32,
}

impl Names {
    /// The address that was reached last, else the first that is found.
    pub(super) async fn address(&self, host: &Arc<str>, port: u16, within: Duration) -> Result<SocketAddr> {
        let key = (Arc::clone(host), port);
        if let Some(known) = self.lock().get(&key) {
            return Ok(known.address);
        }
        let first = look_up(host, port, within).await?.into_iter().next();
        let address = first.ok_or_else(unknown)?;
        self.reached(host, port, address);
        Ok(address)
    }

    /// A connection was made to `address`.
    pub(super) fn reached(&self, host: &Arc<str>, port: u16, address: SocketAddr) {
        self.lock().insert((Arc::clone(host), port), Known { address, age: 0 });
    }

    /// Nothing could be reached there: it is looked up anew.
    pub(super) fn forget(&self, host: &Arc<str>, port: u16) {
        self.lock().remove(&(Arc::clone(host), port));
    }

    /// Another tick has passed.
    pub(super) fn tick(&self) {
        self.lock().retain(|_, known| {
            known.age += 1;
            known.age < IDLE_TICKS
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Host, Known, RandomState>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Every address of a host.
pub(super) async fn look_up(host: &str, port: u16, within: Duration) -> Result<Vec<SocketAddr>> {
    let found = tokio::time::timeout(within, tokio::net::lookup_host((host, port))).await;
    let found: Vec<_> = found.ok().and_then(std::result::Result::ok).ok_or_else(unknown)?.collect();
    if found.is_empty() { Err(unknown()) } else { Ok(found) }
}

fn unknown() -> Box<Error> {
    let mut error = Error::explain(ErrorType::ConnectError, "the upstream's name could not be resolved");
    error.as_up();
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_found_is_kept_for_a_while_and_not_after_a_failure() {
        let (names, host) = (Names::default(), Arc::from("localhost"));
        let patience = Duration::from_secs(5);
        let found = names.address(&host, 7, patience).await.unwrap();
        assert!(found.ip().is_loopback() && found.port() == 7);
        let other = SocketAddr::from(([192, 0, 2, 1], 7));
        names.reached(&host, 7, other);
        for _ in 1..IDLE_TICKS {
            names.tick();
            assert_eq!(names.address(&host, 7, patience).await.unwrap(), other);
        }
        names.tick();
        assert_eq!(names.address(&host, 7, patience).await.unwrap(), found);
        names.reached(&host, 7, other);
        names.forget(&host, 7);
        assert_eq!(names.address(&host, 7, patience).await.unwrap(), found);
        assert_eq!(names.address(&host, 8, patience).await.unwrap().port(), 8);
    }
}
