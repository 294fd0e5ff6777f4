//! Waiting for the disk, and disks that fail or fill up.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tempfile::TempDir;

use crate::audit::tests::support::{
    append, at, decision, eventually, failing, open, options, padded, root, segment_files, with_free,
};
use crate::audit::{AppendError, Durability, Ledger, LedgerOptions, verify};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn every_caller_that_waits_for_the_disk_is_answered() {
    let directory = TempDir::new().unwrap();
    let ledger = open(&directory, Durability::Disk);
    runtime().block_on(async {
        let tasks: Vec<_> = (0..64)
            .map(|task| {
                let ledger = Arc::clone(&ledger);
                tokio::spawn(async move {
                    for number in 0..20 {
                        let payload = padded(task, number * 100);
                        let appended = ledger.record(payload.as_bytes(), at(0)).await.unwrap();
                        assert!(ledger.status().durable_seq > appended.seq);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    ledger.close(at(1)).unwrap();
    assert_eq!(verify(&root(&directory)).unwrap().records, 64 * 20 + 2);
}

#[test]
fn records_nobody_waits_for_become_durable_too() {
    let directory = TempDir::new().unwrap();
    let ledger = open(&directory, Durability::Disk);
    let seq = append(&ledger, &decision(0), 0);
    eventually("durable without a waiter", || ledger.status().durable_seq > seq);
}

#[test]
fn a_caller_that_goes_away_disturbs_nobody() {
    let directory = TempDir::new().unwrap();
    let ledger = open(&directory, Durability::Disk);
    runtime().block_on(async {
        for number in 0..50 {
            let payload = decision(number);
            let mut gone = Box::pin(ledger.record(payload.as_bytes(), at(0)));
            let _polled =
                std::future::poll_fn(|context| std::task::Poll::Ready(gone.as_mut().poll(context))).await;
            drop(gone);
            ledger.record(payload.as_bytes(), at(0)).await.unwrap();
        }
    });
}

#[test]
fn a_busy_writer_waits_for_space() {
    let directory = TempDir::new().unwrap();
    let ledger = open(&directory, Durability::Process);
    runtime().block_on(async {
        for number in 0..40 {
            ledger.record(padded(number, 500_000).as_bytes(), at(0)).await.unwrap();
        }
    });
    ledger.close(at(1)).unwrap();
    assert_eq!(verify(&root(&directory)).unwrap().records, 42);
}

#[test]
fn after_a_failed_flush_the_batch_fails_and_the_log_goes_on_elsewhere() {
    // With `durable` records made durable before the flush fails; with none, the copy takes the first file's name.
    for durable in [0, 3] {
        let directory = TempDir::new().unwrap();
        let failures = Arc::new(AtomicI64::new(i64::from(durable == 0)));
        let (ledger, _) =
            Ledger::open_with(options(&directory, Durability::Disk), at(0), failing(&failures)).unwrap();
        runtime().block_on(async {
            for number in 0..durable {
                ledger.record(decision(number).as_bytes(), at(0)).await.unwrap();
            }
            if durable > 0 {
                let mark = || std::fs::read(ledger.epoch_directory().join("mark")).unwrap();
                eventually("the mark", || String::from_utf8_lossy(&mark()).contains("aegis-ledger-1 4 "));
                failures.store(1, Ordering::SeqCst);
            }
            let failed = ledger.record(decision(9).as_bytes(), at(0)).await;
            assert_eq!(failed, Err(AppendError::NotDurable));
            // The retry runs in the background; a call during it may be refused, but not for long.
            let mut taken = Err(AppendError::Busy);
            while taken.is_err() {
                taken = ledger.record(decision(10).as_bytes(), at(0)).await;
            }
        });
        assert_eq!(ledger.status().healthy, Ok(()));
        assert_eq!(segment_files(ledger.epoch_directory()).len(), if durable == 0 { 2 } else { 3 });
        let beside = verify(&root(&directory)).unwrap();
        assert_eq!(beside.records, ledger.status().next_seq);
        ledger.close(at(1)).unwrap();
        assert_eq!(verify(&root(&directory)).unwrap().records, ledger.status().next_seq);
    }
}

#[test]
fn a_disk_that_keeps_failing_makes_the_ledger_unavailable_until_it_works() {
    let directory = TempDir::new().unwrap();
    let failures = Arc::new(AtomicI64::new(0));
    let (ledger, _) =
        Ledger::open_with(options(&directory, Durability::Disk), at(0), failing(&failures)).unwrap();
    runtime().block_on(async {
        ledger.record(decision(0).as_bytes(), at(0)).await.unwrap();
        failures.store(i64::MAX, Ordering::SeqCst);
        assert_eq!(ledger.record(decision(1).as_bytes(), at(0)).await, Err(AppendError::NotDurable));
        eventually("unavailable", || ledger.status().healthy.is_err());
        let refused = ledger.append(decision(2).as_bytes(), at(0));
        assert!(matches!(refused, Err(AppendError::Unavailable(_))), "{refused:?}");
        failures.store(0, Ordering::SeqCst);
        eventually("healthy again", || ledger.status().healthy.is_ok());
        ledger.record(decision(3).as_bytes(), at(0)).await.unwrap();
    });
    ledger.close(at(1)).unwrap();
    assert_eq!(verify(&root(&directory)).unwrap().records, ledger.status().next_seq);
}

#[test]
fn under_process_a_left_segment_that_cannot_be_flushed_is_copied() {
    let directory = TempDir::new().unwrap();
    let failures = Arc::new(AtomicI64::new(1));
    let (ledger, _) =
        Ledger::open_with(options(&directory, Durability::Process), at(0), failing(&failures)).unwrap();
    for number in 0..9 {
        append(&ledger, &padded(number, 300_000), 0);
    }
    eventually("the failure was met", || failures.load(Ordering::SeqCst) == 0);
    ledger.close(at(1)).unwrap();
    assert_eq!(verify(&root(&directory)).unwrap().records, 11);
}

#[test]
fn below_the_reserve_records_are_refused_until_space_is_back() {
    let directory = TempDir::new().unwrap();
    let free = Arc::new(AtomicI64::new(49));
    let wanted = LedgerOptions { reserve_percent: 5, ..options(&directory, Durability::Process) };
    let (ledger, _) = Ledger::open_with(wanted, at(0), with_free(&free)).unwrap();
    assert_eq!(ledger.append(decision(0).as_bytes(), at(0)), Err(AppendError::NoSpace));
    assert_eq!(ledger.append_from_reserve(decision(1).as_bytes(), at(0)).unwrap().seq, 1);
    let status = ledger.status();
    assert_eq!((status.disk_free_bytes, status.healthy.is_err()), (49, true));
    free.store(50, Ordering::SeqCst);
    eventually("space is back", || ledger.append(decision(2).as_bytes(), at(0)).is_ok());
    free.store(0, Ordering::SeqCst);
    eventually("space is gone", || ledger.status().healthy.is_err());
    ledger.close(at(1)).unwrap();
    verify(&root(&directory)).unwrap();
}
