//! The latest records, without all that come before them.

use tempfile::TempDir;

use crate::audit::read::each_recent;
use crate::audit::tests::support::{append, at, options, padded, root};
use crate::audit::{Durability, Ledger, Reader};

/// The numbers of the calls that are shown.
fn shown(directory: &TempDir, since: i64, most: u64) -> Vec<u64> {
    let mut calls = Vec::new();
    let records = each_recent(&root(directory), at(since), most, |line| {
        let record: serde_json::Value = serde_json::from_slice(line).unwrap();
        calls.extend(record["call"].as_u64());
    });
    assert!(records.unwrap() >= calls.len() as u64);
    calls
}

#[test]
fn the_latest_records_are_shown_in_order_and_few_before_them() {
    let directory = TempDir::new().unwrap();
    let mut calls = 0;
    // Three epochs with several segments each; a call every microsecond.
    for _epoch in 0..3 {
        let ledger = Ledger::open(options(&directory, Durability::Process), at(calls)).unwrap().0;
        for _call in 0..400 {
            append(&ledger, &padded(usize::try_from(calls).unwrap(), 8 << 10), calls);
            calls += 1;
        }
    }
    assert!(Reader::open(&root(&directory)).unwrap().count() >= 1200);
    // A segment has some 125 of them, and more where the next one is not made in time.
    let cases: [(i64, u64, u64); 8] = [
        (0, u64::MAX, 0),
        (-1, u64::MAX, 0),
        (1190, u64::MAX, 1190),
        (900, u64::MAX, 900),
        (795, u64::MAX, 795),
        (10, 50, 1150),
        (10, 700, 500),
        (0, 1, 1199),
    ];
    for (since, most, first) in cases {
        let shown = shown(&directory, since, most);
        let begins = shown[0];
        assert_eq!(shown, (begins..1200).collect::<Vec<_>>());
        assert!(begins <= first && begins + 400 >= first, "{since} {most}: {begins} for {first}");
    }
    assert!(shown(&directory, 1200, u64::MAX).len() < 400);
}

#[test]
fn an_empty_ledger_has_no_latest_records() {
    let directory = TempDir::new().unwrap();
    std::fs::create_dir(root(&directory)).unwrap();
    assert_eq!(shown(&directory, 0, 10), Vec::<u64>::new());
}
