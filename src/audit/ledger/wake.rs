//! The rule by which callers wait for the disk and the sync thread waits for callers.
//!
//! Imports only the primitives of the `sync` module beside it: `tests/wake_model.rs` includes this file over a model
//! checker's primitives and tries every interleaving. Keep it free of everything else.
//!
//! The rule: both sides decide under one lock. A caller first looks whether its record is already durable or failed, and
//! otherwise leaves its waker, in one critical section; the sync thread looks for wakers and goes to sleep in one critical
//! section. So a caller either finds its answer or is seen by the sync thread before that sleeps.
//! INVARIANT: a caller leaves a waker only after its record was appended, and the sync thread reads how far the log
//! reaches only after [`Gate::next_work`] returned; a batch therefore covers every waker left before it.

use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Failed ranges remembered for callers that were woken but have not looked yet. An older one is forgotten; its callers
/// then see what is true by then (durable or not).
const REMEMBERED_FAILURES: usize = 16;

/// The record's batch failed, or the ledger closed before it was durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotDurable;

/// What the sync thread is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Somebody waits, or asked for a round.
    Sync,
    /// Nobody asked within the time; records appended by callers that do not wait may be there.
    Linger,
    /// Make a last round and end.
    Stop,
}

/// Where callers and the sync thread meet.
#[derive(Debug)]
pub(crate) struct Gate {
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Debug)]
struct State {
    /// Every record with a lower sequence number is durable.
    durable: u64,
    failed: Vec<Range<u64>>,
    waiters: Vec<Waiter>,
    asked: bool,
    parked: bool,
    stopping: bool,
    shut: bool,
}

#[derive(Debug)]
struct Waiter {
    seq: u64,
    waker: Waker,
}

impl Gate {
    pub(crate) fn new() -> Self {
        let state = State {
            durable: 0,
            failed: Vec::new(),
            waiters: Vec::new(),
            asked: false,
            parked: false,
            stopping: false,
            shut: false,
        };
        Self { state: Mutex::new(state), bell: Condvar::new() }
    }

    /// Completes when record `seq`, already appended, is durable or will not be by this batch.
    pub(crate) fn durable(&self, seq: u64) -> Durable<'_> {
        Durable { gate: self, seq, registered: false }
    }

    /// Records below this sequence number are durable.
    pub(crate) fn durable_until(&self) -> u64 {
        self.lock().durable
    }

    /// Asks the sync thread for a round without waiting for it.
    pub(crate) fn ask(&self) {
        let mut state = self.lock();
        state.asked = true;
        self.ring(state);
    }

    /// The sync thread's side: sleeps until there is something to do, or `patience` is over.
    pub(crate) fn next_work(&self, patience: Option<Duration>) -> Work {
        let mut state = self.lock();
        loop {
            if state.stopping {
                return Work::Stop;
            }
            if state.asked || !state.waiters.is_empty() {
                state.asked = false;
                return Work::Sync;
            }
            state.parked = true;
            let Some(patience) = patience else {
                state = self.bell.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.parked = false;
                continue;
            };
            let (woken, result) =
                self.bell.wait_timeout(state, patience).unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.parked = false;
            if result.timed_out() && !state.stopping && !state.asked && state.waiters.is_empty() {
                return Work::Linger;
            }
        }
    }

    /// The sync thread's side: sleeps for `pause` whatever is asked, but not past a stop. True when stopping.
    pub(crate) fn pause(&self, pause: Duration) -> bool {
        let state = self.lock();
        if state.stopping {
            return true;
        }
        // `parked` stays false: callers arriving now are what the pause is for, and must not ring.
        let (state, _) = self.bell.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner);
        state.stopping
    }

    /// Everything below `until` is durable: wakes whoever waited for it, in one go, and says how many that were.
    pub(crate) fn advance(&self, until: u64) -> usize {
        let mut state = self.lock();
        state.durable = state.durable.max(until);
        let woken = state.take_waiters(until);
        drop(state);
        let count = woken.len();
        woken.into_iter().for_each(|waiter| waiter.waker.wake());
        count
    }

    /// The records of `range` were not made durable by the sync that covered them: their callers fail.
    pub(crate) fn fail(&self, range: Range<u64>) {
        let mut state = self.lock();
        let woken = state.take_waiters(range.end);
        if state.failed.len() == REMEMBERED_FAILURES {
            state.failed.remove(0);
        }
        state.failed.push(range);
        drop(state);
        woken.into_iter().for_each(|waiter| waiter.waker.wake());
    }

    /// Tells the sync thread to make a last round.
    pub(crate) fn stop(&self) {
        let mut state = self.lock();
        state.stopping = true;
        drop(state);
        // The thread may be in a pause, which does not count as parked; a stop is rare, so it always rings.
        self.bell.notify_all();
    }

    /// The sync thread ends: whoever still waits, or comes later for a record that is not durable, fails.
    pub(crate) fn shut(&self) {
        let mut state = self.lock();
        state.shut = true;
        let woken = state.take_waiters(u64::MAX);
        drop(state);
        woken.into_iter().for_each(|waiter| waiter.waker.wake());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the sync thread only if it sleeps, after the lock is free so that it need not wait for it.
    fn ring(&self, mut state: MutexGuard<'_, State>) {
        let parked = std::mem::replace(&mut state.parked, false);
        drop(state);
        if parked {
            self.bell.notify_one();
        }
    }
}

impl State {
    fn take_waiters(&mut self, until: u64) -> Vec<Waiter> {
        let (woken, kept) =
            std::mem::take(&mut self.waiters).into_iter().partition(|waiter| waiter.seq < until);
        self.waiters = kept;
        woken
    }

    fn answer(&self, seq: u64) -> Option<Result<(), NotDurable>> {
        if self.failed.iter().any(|range| range.contains(&seq)) {
            return Some(Err(NotDurable));
        }
        if seq < self.durable {
            return Some(Ok(()));
        }
        self.shut.then_some(Err(NotDurable))
    }
}

/// See [`Gate::durable`]. Dropping it early is fine: its waker goes with the next batch.
#[derive(Debug)]
pub(crate) struct Durable<'a> {
    gate: &'a Gate,
    seq: u64,
    registered: bool,
}

impl Future for Durable<'_> {
    type Output = Result<(), NotDurable>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let gate = self.gate;
        let mut state = gate.lock();
        if let Some(answer) = state.answer(self.seq) {
            return Poll::Ready(answer);
        }
        let seq = self.seq;
        // Only a second look searches the list: the usual caller is polled once to register and once to finish.
        let known =
            if self.registered { state.waiters.iter_mut().find(|waiter| waiter.seq == seq) } else { None };
        match known {
            Some(waiter) => waiter.waker.clone_from(context.waker()),
            None => state.waiters.push(Waiter { seq, waker: context.waker().clone() }),
        }
        self.registered = true;
        gate.ring(state);
        Poll::Pending
    }
}
