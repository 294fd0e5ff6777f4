//! The requests that wait for their holds, and waking them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::model::id::Id;

/// What ended a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// Something became of the hold.
    Changed,
    /// Nothing did in time.
    TimeUp,
    /// The caller said in another request that it waits no more.
    Cancelled,
    /// The gateway stops.
    Stopping,
}

/// Which request waits, for a caller that wants to call it off in another one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestKey {
    /// The caller's tenant.
    pub tenant: Arc<str>,
    /// The caller.
    pub actor: Arc<str>,
    /// The route.
    pub route: Arc<str>,
    /// The tool's own id of the session, where there is one.
    pub session: Option<Vec<u8>>,
    /// The JSON-RPC id, as JSON text.
    pub rpc_id: String,
}

/// A request that wants to wait.
#[derive(Clone, Debug)]
pub struct Entrant {
    /// For this hold.
    pub hold: Id,
    /// The caller's tenant.
    pub tenant: Arc<str>,
    /// The caller.
    pub actor: Arc<str>,
    /// By what its caller may call it off.
    pub request: Option<RequestKey>,
    /// What it keeps in memory meanwhile, in bytes.
    pub bytes: usize,
}

/// How many requests may wait. Each has a connection, and gives up its place among the requests under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitLimits {
    /// In all.
    pub all: usize,
    /// Of one actor of one tenant.
    pub actor: usize,
    /// For one hold.
    pub hold: usize,
    /// Bytes that all of them keep.
    pub bytes: usize,
}

/// Requests that wait now.
#[derive(Debug)]
pub struct Waiters {
    waiting: Mutex<Waiting>,
    stopping: AtomicBool,
    /// Most in all, whatever the limits of an entrant say.
    most: AtomicUsize,
}

impl Default for Waiters {
    fn default() -> Self {
        Self {
            waiting: Mutex::default(),
            stopping: AtomicBool::new(false),
            most: AtomicUsize::new(usize::MAX),
        }
    }
}

#[derive(Debug, Default)]
struct Waiting {
    /// Numbers the waits.
    next: u64,
    by_number: HashMap<u64, Wait>,
    by_hold: HashMap<Id, Vec<u64>>,
    by_request: HashMap<RequestKey, Vec<u64>>,
    by_actor: HashMap<(Arc<str>, Arc<str>), Vec<u64>>,
    bytes: usize,
}

#[derive(Debug)]
struct Wait {
    entrant: Entrant,
    signal: Arc<Signal>,
}

#[derive(Debug, Default)]
struct Signal {
    notify: Notify,
    cancelled: AtomicBool,
    stopping: AtomicBool,
}

/// A place among those that wait, until it is dropped.
#[derive(Debug)]
pub struct Waiter {
    waiters: Arc<Waiters>,
    number: u64,
    signal: Arc<Signal>,
}

impl Waiters {
    /// Lets at most `most` wait in all from now on, whatever the limits of those that enter say: what this process can keep open.
    pub fn cap(&self, most: usize) {
        self.most.store(most, Ordering::Release);
    }

    /// Takes a place to wait. What became of the hold since it was looked at must be looked at again afterwards, or nothing may
    /// have. `None`: one of `limits` is met.
    #[must_use]
    pub fn enter(self: &Arc<Self>, entrant: Entrant, limits: WaitLimits) -> Option<Waiter> {
        let mut waiting = self.lock();
        let total = waiting.bytes.checked_add(entrant.bytes)?;
        let actor = (Arc::clone(&entrant.tenant), Arc::clone(&entrant.actor));
        if total > limits.bytes
            || waiting.by_number.len() >= limits.all.min(self.most.load(Ordering::Acquire))
            || waiting.by_hold.get(&entrant.hold).map_or(0, Vec::len) >= limits.hold
            || waiting.by_actor.get(&actor).map_or(0, Vec::len) >= limits.actor
        {
            return None;
        }
        let (number, signal) = (waiting.next, Arc::new(Signal::default()));
        waiting.next += 1;
        waiting.bytes = total;
        waiting.by_hold.entry(entrant.hold).or_default().push(number);
        waiting.by_actor.entry(actor).or_default().push(number);
        if let Some(request) = &entrant.request {
            waiting.by_request.entry(request.clone()).or_default().push(number);
        }
        waiting.by_number.insert(number, Wait { entrant, signal: Arc::clone(&signal) });
        // Under the lock, so that whoever enters while all are being told is told as well.
        signal.stopping.store(self.stopping.load(Ordering::Acquire), Ordering::Release);
        drop(waiting);
        Some(Waiter { waiters: Arc::clone(self), number, signal })
    }

    /// Wakes those that wait for `hold`.
    pub fn wake(&self, hold: &Id) {
        let waiting = self.lock();
        for wait in waiting.numbered(waiting.by_hold.get(hold)) {
            wait.signal.notify.notify_one();
        }
    }

    /// Ends the waits of one request; false when it does not wait.
    pub fn cancel(&self, request: &RequestKey) -> bool {
        let waiting = self.lock();
        let mut any = false;
        for wait in waiting.numbered(waiting.by_request.get(request)) {
            wait.signal.cancelled.store(true, Ordering::Release);
            wait.signal.notify.notify_one();
            any = true;
        }
        any
    }

    /// Ends every wait, and each that begins from now on.
    pub fn stop(&self) {
        let waiting = self.lock();
        self.stopping.store(true, Ordering::Release);
        for wait in waiting.by_number.values() {
            wait.signal.stopping.store(true, Ordering::Release);
            wait.signal.notify.notify_one();
        }
    }

    /// How many requests wait for `hold`.
    #[must_use]
    pub fn of(&self, hold: &Id) -> usize {
        self.lock().by_hold.get(hold).map_or(0, Vec::len)
    }

    /// How many requests wait.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lock().by_number.len()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self, number: u64) {
        let mut waiting = self.lock();
        let Some(wait) = waiting.by_number.remove(&number) else { return };
        let Entrant { hold, tenant, actor, request, bytes } = wait.entrant;
        waiting.bytes = waiting.bytes.saturating_sub(bytes);
        forget(&mut waiting.by_hold, &hold, number);
        forget(&mut waiting.by_actor, &(tenant, actor), number);
        if let Some(request) = &request {
            forget(&mut waiting.by_request, request, number);
        }
    }
}

impl Waiting {
    fn numbered<'w>(&'w self, numbers: Option<&'w Vec<u64>>) -> impl Iterator<Item = &'w Wait> {
        numbers.into_iter().flatten().filter_map(|number| self.by_number.get(number))
    }
}

fn forget<K: Eq + std::hash::Hash>(numbers: &mut HashMap<K, Vec<u64>>, key: &K, number: u64) {
    if let Some(list) = numbers.get_mut(key) {
        list.retain(|other| *other != number);
        if list.is_empty() {
            numbers.remove(key);
        }
    }
}

impl Waiter {
    /// Waits until something becomes of the hold, or until `until`. May be dropped and called again.
    pub async fn woken(&self, until: Instant) -> Woken {
        loop {
            if self.signal.stopping.load(Ordering::Acquire) {
                return Woken::Stopping;
            }
            if self.signal.cancelled.load(Ordering::Acquire) {
                return Woken::Cancelled;
            }
            match timeout_at(until, self.signal.notify.notified()).await {
                Err(_elapsed) => return Woken::TimeUp,
                Ok(()) if self.is_told() => {}
                Ok(()) => return Woken::Changed,
            }
        }
    }

    fn is_told(&self) -> bool {
        self.signal.stopping.load(Ordering::Acquire) || self.signal.cancelled.load(Ordering::Acquire)
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.waiters.leave(self.number);
    }
}
