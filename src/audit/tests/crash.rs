//! What a start makes of a log whose process died, and what it leaves alone.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::audit::read::EpochState;
use crate::audit::tests::support::{
    append, at, decision, open, options, overwrite, padded, root, segment_files, written,
};
use crate::audit::{Durability, Ledger, LedgerError, OpenReport, Reader, verify};

/// A log that was never closed, with its records. Answers with its directory.
fn crashed(directory: &TempDir, durability: Durability, payloads: &[String]) -> PathBuf {
    let ledger = open(directory, durability);
    for payload in payloads {
        append(&ledger, payload, 0);
    }
    ledger.epoch_directory().to_path_buf()
}

fn reopen(directory: &TempDir) -> (std::sync::Arc<Ledger>, OpenReport) {
    Ledger::open(options(directory, Durability::Process), at(9)).unwrap()
}

fn last_segment(epoch: &Path) -> PathBuf {
    let files = segment_files(epoch);
    files.into_iter().rfind(|file| !written(file).is_empty()).unwrap()
}

#[test]
fn every_whole_line_survives_a_crash() {
    let directory = TempDir::new().unwrap();
    crashed(&directory, Durability::Process, &(0..2_500).map(|n| padded(n, 700)).collect::<Vec<_>>());
    let before = verify(&root(&directory)).unwrap();
    assert_eq!((before.records, before.epochs[0].state), (2_501, EpochState::Unsealed));
    assert!(before.epochs[0].caveat().is_some());

    let (ledger, report) = reopen(&directory);
    let repair = &report.repaired[0];
    assert_eq!((repair.records, repair.reason.as_deref(), repair.torn.len()), (2_501, None, 0));
    ledger.close(at(10)).unwrap();
    let after = verify(&root(&directory)).unwrap();
    assert_eq!(after.records, 2_501 + 3, "epoch, repair and close came after");
    assert_eq!(after.epochs[0].state, EpochState::Sealed);
    let kinds: Vec<_> = Reader::open(&root(&directory))
        .unwrap()
        .skip(2_501)
        .map(|record| record.unwrap().parse().unwrap()["kind"].clone())
        .collect();
    assert_eq!(kinds, ["epoch", "repair", "close"]);
}

#[test]
fn a_torn_tail_is_cut_kept_and_recorded() {
    let tails: [&[u8]; 4] = [
        b"{\"seq\":4,\"time\":\"20",
        b"garbage without a newline",
        b"a whole line that is no record\n",
        b"{\"half a line\0\0\0\0and what a later page held\n",
    ];
    for tail in tails {
        let directory = TempDir::new().unwrap();
        let epoch = crashed(&directory, Durability::Process, &(0..3).map(decision).collect::<Vec<_>>());
        let file = last_segment(&epoch);
        let end = written(&file).len();
        overwrite(&file, end, tail);

        let (ledger, report) = reopen(&directory);
        let repair = &report.repaired[0];
        assert_eq!(repair.records, 4);
        assert!(repair.reason.is_some());
        assert_eq!(fs::read(epoch.join("torn").join(&repair.torn[0].name)).unwrap(), tail);
        let record = Reader::open(&root(&directory)).unwrap().nth(5).unwrap().unwrap().parse().unwrap();
        assert_eq!(record["torn"][0]["bytes"], tail.len());
        drop(ledger);
        verify(&root(&directory)).unwrap();
    }
}

#[test]
fn segments_after_the_damage_are_set_aside() {
    let directory = TempDir::new().unwrap();
    let epoch =
        crashed(&directory, Durability::Process, &(0..9).map(|n| padded(n, 300_000)).collect::<Vec<_>>());
    fs::remove_file(epoch.join("mark")).unwrap();
    let file = segment_files(&epoch).remove(1);
    overwrite(&file, 400_000, b"?");
    let (ledger, report) = reopen(&directory);
    assert_eq!(report.repaired[0].records, 5, "four in the first segment, and one before the damage");
    assert!(report.repaired[0].torn.len() >= 2, "{report:?}");
    ledger.close(at(10)).unwrap();
    verify(&root(&directory)).unwrap();
}

#[test]
fn an_epoch_that_died_before_its_first_record_is_sealed_empty() {
    let directory = TempDir::new().unwrap();
    let epoch = crashed(&directory, Durability::Process, &[]);
    let file = last_segment(&epoch);
    fs::write(&file, vec![0; 4096]).unwrap();
    let (ledger, report) = reopen(&directory);
    let repair = &report.repaired[0];
    assert_eq!((repair.records, repair.reason.as_deref(), repair.torn.len()), (0, None, 0));
    drop(ledger);
    reopen(&directory).0.close(at(11)).unwrap();
    assert_eq!(verify(&root(&directory)).unwrap().epochs.len(), 3);
}

#[test]
fn a_segment_that_was_not_named_yet_is_read_and_named() {
    let directory = TempDir::new().unwrap();
    let epoch =
        crashed(&directory, Durability::Process, &(0..5).map(|n| padded(n, 300_000)).collect::<Vec<_>>());
    let last = epoch.join("00000000000000000004.jsonl");
    // As a crash right after the rotation leaves it, unless this one came before the renaming already.
    if last.exists() {
        fs::rename(&last, epoch.join("next.jsonl")).unwrap();
    }
    assert_eq!(verify(&root(&directory)).unwrap().records, 6);
    assert_eq!(Reader::open(&root(&directory)).unwrap().count(), 6);
    let (_ledger, report) = reopen(&directory);
    assert_eq!(report.repaired[0].records, 6);
    assert_eq!(last_segment(&epoch), last);
}

#[tokio::test]
async fn damage_before_the_mark_refuses_the_start_and_changes_nothing() {
    let directory = TempDir::new().unwrap();
    let ledger = open(&directory, Durability::Disk);
    for number in 0..5 {
        ledger.record(decision(number).as_bytes(), at(0)).await.unwrap();
    }
    let epoch = ledger.epoch_directory().to_path_buf();
    // The mark follows the wake-up of the callers.
    let marked = || fs::read(epoch.join("mark")).unwrap();
    super::support::eventually("the mark", || {
        String::from_utf8_lossy(&marked()).contains("aegis-ledger-1 6 ")
    });
    drop(ledger);
    let file = last_segment(&epoch);
    let whole = fs::read(&file).unwrap();
    let third = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(2).unwrap().0 + 1;

    let changes: [(&str, usize, &[u8]); 3] = [
        ("changed", third + 80, b"#"),
        ("ended", third, &[0; 40]),
        ("last one changed", written(&file).len() - 90, b"#"),
    ];
    for (what, offset, bytes) in changes {
        overwrite(&file, offset, bytes);
        let before = fs::read(&file).unwrap();
        let refused = Ledger::open(options(&directory, Durability::Disk), at(1));
        let Err(LedgerError::Damaged(found)) = refused else { panic!("{what}: {refused:?}") };
        assert_eq!(found.file, file);
        let seq = if what == "last one changed" { 5 } else { 3 };
        assert_eq!(found.seq, seq, "{what}: {found:?}");
        assert_eq!(fs::read(&file).unwrap(), before);
        assert!(!epoch.join("torn").exists() && !epoch.join("sealed").exists());
        fs::write(&file, &whole).unwrap();
    }
    overwrite(&file, written(&file).len(), b"torn");
    let (_ledger, report) = reopen(&directory);
    assert_eq!(report.repaired[0].records, 6);
}

#[test]
fn a_live_epoch_is_left_alone_and_named() {
    let directory = TempDir::new().unwrap();
    let first = open(&directory, Durability::Process);
    append(&first, &decision(0), 0);
    let (second, report) = reopen(&directory);
    assert_eq!(report.live, [first.status().epoch]);
    assert!(report.repaired.is_empty());
    append(&first, &decision(1), 0);
    append(&second, &decision(2), 0);
    let both = verify(&root(&directory)).unwrap();
    assert_eq!(both.epochs.iter().map(|epoch| epoch.state).collect::<Vec<_>>(), [EpochState::Live; 2]);
    first.close(at(20)).unwrap();
    second.close(at(20)).unwrap();
    assert_eq!(verify(&root(&directory)).unwrap().records, 4 + 3);
}

#[test]
fn a_closed_ledger_refuses_and_the_next_one_links_to_it() {
    let directory = TempDir::new().unwrap();
    let first = open(&directory, Durability::Disk);
    append(&first, &decision(0), 0);
    first.close(at(1)).unwrap();
    assert!(matches!(first.append(decision(1).as_bytes(), at(2)), Err(crate::audit::AppendError::Closed)));
    assert!(first.close(at(2)).is_err());
    let status = first.status();
    assert_eq!((status.next_seq, status.durable_seq, status.healthy.is_err()), (3, 3, true));
    let (second, report) = reopen(&directory);
    let link = report.predecessor.unwrap();
    assert_eq!(link.end, Some((3, status.last_hash.to_string())));
    assert_eq!(second.status().records_total, 3 + 1);
    assert_eq!(segment_files(first.epoch_directory()).len(), 1);
}
