//! Model check of the rule in `src/audit/ledger/wake.rs`: every interleaving of callers and sync thread, with loom's
//! primitives in place of the standard library's. A lost wake-up shows as a deadlock, which loom reports.

/// What `wake.rs` takes its primitives from, here the model checker's.
mod sync {
    pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
    pub(crate) use std::sync::PoisonError;
}

#[expect(dead_code, reason = "the model drives the waiting rule, not every entrance to it")]
#[path = "../src/audit/ledger/wake.rs"]
mod wake;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use loom::sync::atomic::{AtomicU64, Ordering};
use loom::thread;

use wake::{Gate, NotDurable, Work};

struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

struct Log {
    gate: Gate,
    written: AtomicU64,
}

impl Log {
    fn new() -> loom::sync::Arc<Self> {
        loom::sync::Arc::new(Self { gate: Gate::new(), written: AtomicU64::new(0) })
    }

    /// Appends a record and waits for it, as `Ledger::record` does.
    fn record(&self) -> Result<(), NotDurable> {
        let seq = self.written.fetch_add(1, Ordering::AcqRel);
        block_on(self.gate.durable(seq))
    }

    /// The sync thread: the first `failures` batches fail, as with a broken disk, and are repaired afterwards.
    fn run(&self, mut failures: u32) {
        loop {
            let work = self.gate.next_work(None);
            let written = self.written.load(Ordering::Acquire);
            if failures > 0 && self.gate.durable_until() < written {
                failures -= 1;
                self.gate.fail(self.gate.durable_until()..written);
            }
            self.gate.advance(written);
            if work == Work::Stop {
                self.gate.shut();
                return;
            }
        }
    }
}

fn model(check: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    // Three switches away from a running thread find the known kinds of lost wake-up and keep the run to seconds.
    builder.preemption_bound = Some(3);
    builder.check(check);
}

#[test]
fn every_caller_is_woken() {
    model(|| {
        let log = Log::new();
        let sync = thread::spawn({
            let log = log.clone();
            move || log.run(0)
        });
        let other = thread::spawn({
            let log = log.clone();
            move || log.record()
        });
        assert_eq!(log.record(), Ok(()));
        assert_eq!(other.join().unwrap(), Ok(()));
        log.gate.stop();
        sync.join().unwrap();
    });
}

#[test]
fn a_failed_batch_wakes_everybody_and_the_next_one_works() {
    model(|| {
        let log = Log::new();
        let sync = thread::spawn({
            let log = log.clone();
            move || log.run(1)
        });
        let other = thread::spawn({
            let log = log.clone();
            move || log.record()
        });
        let outcomes = [log.record(), other.join().unwrap()];
        assert!(outcomes.contains(&Err(NotDurable)));
        assert_eq!(log.record(), Ok(()));
        log.gate.stop();
        sync.join().unwrap();
    });
}

#[test]
fn a_stop_leaves_nobody_waiting() {
    model(|| {
        let log = Log::new();
        let sync = thread::spawn({
            let log = log.clone();
            move || log.run(0)
        });
        let caller = thread::spawn({
            let log = log.clone();
            // Either answer is right here: the last round may or may not cover the record. Waiting for ever is not.
            move || log.record().is_ok()
        });
        log.gate.stop();
        sync.join().unwrap();
        caller.join().unwrap();
    });
}
