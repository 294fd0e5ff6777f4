//! What is administered, in SQLite: the same as in memory, after any changes and restarts, and by one process at a time.

use std::sync::Arc;

use proptest::prelude::*;

use crate::admin::sample::{moves, run};
use crate::admin::{AdminStore, Pin, Pins, Role, SnapshotRow, Step, Text};
use crate::model::time::Timestamp;
use crate::store::SqliteStore;

fn open(folder: &tempfile::TempDir) -> SqliteStore {
    SqliteStore::open(&folder.path().join("aegis.db")).unwrap()
}

fn row(version: u64) -> SnapshotRow {
    SnapshotRow {
        version,
        hash: format!("hash{version}").into(),
        source: "rollback".into(),
        by: Some("ops".into()),
        created_at: Timestamp::from_micros(1_795_414_794_123_456),
        back_to: Some(u64::from(u32::MAX) + version),
    }
}

fn text(role: Role, name: &str, text: &str) -> Text {
    Text { role, name: name.into(), text: text.into() }
}

fn step<'s>(after: u64, snapshot: &'s SnapshotRow, texts: Option<&'s [Text]>) -> Step<'s> {
    Step { after, snapshot, texts, rows: &[], pins: None, key: None }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn what_is_kept_brings_the_same_objects_back(moves in moves()) {
        let folder = tempfile::tempdir().unwrap();
        run(&open(&folder), &moves);
    }
}

#[test]
fn texts_are_those_of_the_snapshot_or_of_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    assert_eq!(store.latest(), Ok(0));
    let first = [text(Role::Config, "gateway.yaml", "{}"), text(Role::Rules, "r", "rules: []\n")];
    let third = [text(Role::Governance, "b.yaml", "{}"), text(Role::Governance, "a.yaml", "\u{0}é")];
    for (version, texts) in [(3, Some(&first[..])), (4, None), (5, Some(&third[..])), (6, None)] {
        let after = if version == 3 { 0 } else { version - 1 };
        store.commit(step(after, &row(version), texts)).unwrap();
    }
    drop(store);
    let store = open(&folder);
    for (version, texts) in [(3, &first), (4, &first), (5, &third), (6, &third)] {
        let content = store.content(version).unwrap().unwrap();
        assert_eq!((content.row, &content.texts[..]), (row(version), &texts[..]));
    }
    for version in [0, 2, 7, u64::MAX] {
        assert!(store.content(version).unwrap().is_none(), "{version}");
    }
    let versions = |before, limit| -> Vec<u64> {
        store.snapshots(before, limit).unwrap().iter().map(|row| row.version).collect()
    };
    assert_eq!((versions(None, 2), versions(Some(5), 9)), (vec![6, 5], vec![4, 3]));
    assert_eq!(store.load().unwrap().latest, Some(row(6)));
}

#[test]
fn pins_come_back_with_their_texts_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let texts = [text(Role::Rules, "r", "rules: []\n"), text(Role::Governance, "g", "{}")];
    store.commit(step(0, &row(1), Some(&texts))).unwrap();
    let pin = |role: usize| Pin { version: 1, base: "beef".into(), texts: vec![texts[role].clone()] };
    let both = Pins { rules: Some(pin(0)), governance: Some(pin(1)) };
    let second = row(2);
    store.commit(Step { pins: Some(&both), ..step(1, &second, None) }).unwrap();
    drop(store);
    let store = open(&folder);
    assert_eq!((store.pins().unwrap(), store.load().unwrap().pins), (both.clone(), both.clone()));
    let one = Pins { rules: None, ..both };
    store.pin(&one).unwrap();
    assert_eq!(store.pins().unwrap(), one);
    // A snapshot that says nothing of them leaves them.
    store.commit(step(2, &row(3), None)).unwrap();
    assert_eq!(store.pins().unwrap(), one);
}

#[test]
fn a_step_is_taken_only_after_the_one_that_its_writer_knows_of() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (open(&folder), open(&folder));
    ours.commit(step(0, &row(1), None)).unwrap();
    theirs.commit(step(1, &row(2), None)).unwrap();
    let refused = ours.commit(step(1, &row(3), None)).unwrap_err();
    assert!(refused.to_string().contains("another process"), "{refused}");
    assert_eq!(ours.latest(), Ok(2));
    assert!(ours.content(3).unwrap().is_none());
}

#[test]
fn a_step_that_fails_midway_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    store.commit(step(0, &row(1), None)).unwrap();
    let other = rusqlite::Connection::open(folder.path().join("aegis.db")).unwrap();
    // The last thing that a step writes.
    other
        .execute_batch(
            "CREATE TRIGGER full BEFORE INSERT ON admin_pins BEGIN SELECT RAISE(ABORT, 'no room'); END;",
        )
        .unwrap();
    let pin = Pin { version: 1, base: Arc::default(), texts: Vec::new() };
    let pins = Pins { rules: Some(pin), governance: None };
    let second = row(2);
    let texts = [text(Role::Rules, "r", "new")];
    let failed = store.commit(Step { pins: Some(&pins), ..step(1, &second, Some(&texts)) }).unwrap_err();
    assert!(failed.to_string().contains("no room"), "{failed}");
    assert_eq!(store.latest(), Ok(1));
    let texts: i64 = other.query_row("SELECT count(*) FROM admin_texts", [], |row| row.get(0)).unwrap();
    assert_eq!(texts, 0);
}
