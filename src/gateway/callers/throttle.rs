//! Addresses that present credentials which fail, again and again, are not listened to for a while: what remains is that keys are
//! looked up, which costs next to nothing, so that a good key is never locked out, from whatever address it comes.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::identity::{IdentityError, Patience};
use crate::model::time::Timestamp;

/// How many failures an address has within the window.
const FAILURES_MAX: u32 = 20;

/// The window, in microseconds, from an address's first failure on.
const WINDOW_MICROS: i64 = 60 * 1_000_000;

/// Most addresses that are remembered. Of more, none is held back: whatever they present is verified all the same.
const ADDRESSES_MAX: usize = 10_000;

/// Who failed lately.
#[derive(Debug, Default)]
pub struct AuthThrottle {
    failing: Mutex<HashMap<IpAddr, Failures>>,
    /// How many are in `failing`: who never fails does not wait for the lock.
    count: AtomicUsize,
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    since: Timestamp,
}

impl Failures {
    /// Until when they count; a clock that went back does not prolong it.
    fn is_over(&self, now: Timestamp) -> bool {
        let age = now.as_micros().saturating_sub(self.since.as_micros());
        !(0..WINDOW_MICROS).contains(&age)
    }

    fn left_s(&self, now: Timestamp) -> u32 {
        let left = self.since.as_micros().saturating_add(WINDOW_MICROS).saturating_sub(now.as_micros());
        u32::try_from(left.max(0).unsigned_abs().div_ceil(1_000_000)).unwrap_or(u32::MAX).max(1)
    }
}

impl AuthThrottle {
    /// Tries the credentials of a request from `client`, as patiently as its earlier failures let us; `None`: a local socket, whose
    /// mode says who may open it.
    ///
    /// # Errors
    /// What `attempt` says.
    pub fn attempt<T>(
        &self,
        client: Option<IpAddr>,
        now: Timestamp,
        attempt: impl FnOnce(Patience) -> Result<T, IdentityError>,
    ) -> Result<T, IdentityError> {
        let Some(client) = client.map(network) else { return attempt(Patience::Left) };
        let tried = attempt(self.patience(client, now));
        if tried.as_ref().is_err_and(|error| error.is_failed_credential()) {
            self.failed(client, now);
        }
        tried
    }

    fn patience(&self, client: IpAddr, now: Timestamp) -> Patience {
        if self.count.load(Ordering::Relaxed) == 0 {
            return Patience::Left;
        }
        let failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        match failing.get(&client) {
            Some(failures) if failures.count >= FAILURES_MAX && !failures.is_over(now) => {
                Patience::Spent { retry_after_s: failures.left_s(now) }
            }
            _ => Patience::Left,
        }
    }

    fn failed(&self, client: IpAddr, now: Timestamp) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        if failing.len() >= ADDRESSES_MAX && !failing.contains_key(&client) {
            failing.retain(|_, failures| !failures.is_over(now));
        }
        if failing.len() < ADDRESSES_MAX || failing.contains_key(&client) {
            let failures = failing.entry(client).or_insert(Failures { count: 0, since: now });
            if failures.is_over(now) {
                *failures = Failures { count: 0, since: now };
            }
            failures.count = failures.count.saturating_add(1);
        }
        self.count.store(failing.len(), Ordering::Relaxed);
    }
}

/// Whom an address belongs to: of IPv6, whose networks have 2^64 addresses each, the network.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(six) => match six.to_ipv4_mapped() {
            Some(four) => four.into(),
            None => Ipv6Addr::from_bits(six.to_bits() >> 64 << 64).into(),
        },
        IpAddr::V4(_) => address,
    }
}
