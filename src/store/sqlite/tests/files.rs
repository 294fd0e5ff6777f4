//! The file: kept, shared, damaged, of another version, full.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use crate::holds::sample::{approver, at, hold, id};
use crate::holds::{Hold, HoldFilter, HoldState, HoldStore, Inserted, ShownArguments};
use crate::store::sqlite::tests::contract::put;
use crate::store::{SqliteStore, StoreOpenError};

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aegis.db");
    (folder, path)
}

/// Runs `sql` on the file as another program would.
fn alter(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn holds_outlive_the_store_that_was_given_them() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    put(&store, &hold(1));
    let approved = hold(1).approve(&approver("k", None, &[]), Some("yes"), at(1)).unwrap();
    assert_eq!(store.replace(&approved), Ok(true));
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.by_id(&id(1)), Ok(Some(approved.clone())));
    assert_eq!(store.unrecorded(9), Ok(vec![approved]));
    assert_eq!(store.check(), Ok(()));
}

#[test]
fn of_two_processes_one_changes_a_hold() {
    let (_folder, path) = folder();
    let (one, other) = (SqliteStore::open(&path).unwrap(), SqliteStore::open(&path).unwrap());
    let approved = Hold { state: HoldState::Approved, ..hold(1) };
    put(&one, &approved);
    assert_eq!(other.by_id(&id(1)), Ok(Some(approved.clone())), "what one writes the other reads");
    assert_eq!(other.insert(&Hold { id: id(2), ..approved.clone() }), Ok(Inserted::Taken));
    let won = std::thread::scope(|scope| {
        let racers = [(&one, "dec_1"), (&other, "dec_2")].map(|(store, decision)| {
            let consumed = approved.consume(decision, at(1)).unwrap();
            scope.spawn(move || store.replace(&consumed).unwrap())
        });
        racers.map(|racer| racer.join().unwrap())
    });
    assert_eq!(won.iter().filter(|won| **won).count(), 1);
    assert_eq!(one.by_id(&id(1)), other.by_id(&id(1)));
}

#[test]
fn processes_that_start_together_make_one_file() {
    let (_folder, path) = folder();
    let stores: Vec<SqliteStore> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..4).map(|_| scope.spawn(|| SqliteStore::open(&path).unwrap())).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    put(&stores[0], &hold(1));
    assert!(stores.iter().all(|store| store.by_id(&id(1)) == Ok(Some(hold(1)))));
}

#[test]
fn nobody_else_may_read_the_files() {
    let (folder, path) = folder();
    std::fs::write(&path, "").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let store = SqliteStore::open(&path).unwrap();
    put(&store, &hold(1));
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
    assert!(files.len() > 1, "the log has a file of its own");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[test]
fn what_is_no_database_of_this_version_is_refused_and_left_alone() {
    let newer: fn(&Path) = |path| {
        drop(SqliteStore::open(path).unwrap());
        alter(path, "PRAGMA user_version = 1000");
    };
    let text: fn(&Path) = |path| std::fs::write(path, "no database at all\n".repeat(200)).unwrap();
    let foreign: fn(&Path) = |path| alter(path, "CREATE TABLE cats (name TEXT)");
    let unreachable: fn(&Path) = |path| std::fs::create_dir(path).unwrap();
    for (make, expected) in [
        (newer, "was written by a newer version (tables of version 1000, this gateway knows up to 6)"),
        (text, "is damaged (file is not a database); put a copy in its place"),
        (foreign, "is another program's database"),
        (unreachable, "cannot be opened or made"),
    ] {
        let (_folder, path) = folder();
        make(&path);
        let before = std::fs::read(&path).ok();
        let error = SqliteStore::open(&path).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("aegis.db"), "{error}");
        assert!(std::fs::read(&path).ok() == before, "{error}");
    }
}

/// Overwrites all of the file but its first page, so that the tables are there and what is in them is not.
fn damage(path: &Path) {
    alter(path, "PRAGMA wal_checkpoint(TRUNCATE)");
    let mut bytes = std::fs::read(path).unwrap();
    bytes[4096..].fill(0xa5);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_damaged_file_is_not_opened() {
    let cut: fn(&Path) = |path| {
        let bytes = std::fs::read(path).unwrap();
        std::fs::write(path, bytes.get(..bytes.len() / 2).unwrap()).unwrap();
    };
    for damage in [damage, cut] {
        let (_folder, path) = folder();
        let store = SqliteStore::open(&path).unwrap();
        (0..50).for_each(|number| put(&store, &hold(number)));
        drop(store);
        damage(&path);
        let error = SqliteStore::open(&path).unwrap_err();
        assert!(matches!(error, StoreOpenError::Damaged { .. }), "{error}");
    }
}

#[test]
fn a_file_that_is_damaged_while_in_use_is_called_so() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    (0..50).for_each(|number| put(&store, &hold(number)));
    damage(&path);
    let reopened = SqliteStore::open(&path);
    assert!(matches!(reopened, Err(StoreOpenError::Damaged { .. })), "{reopened:?}");
    let error = (0..50).find_map(|number| store.by_id(&id(number)).err());
    let why = error.expect("some hold lay on a page that is not in memory").to_string();
    assert!(why.contains("aegis.db is damaged"), "{why}");
}

#[test]
fn a_full_disk_is_called_so_and_what_was_stored_stays() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    put(&store, &hold(1));
    let limit = |connection: &mut Connection| {
        let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
        connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
    };
    store.write(limit).unwrap();
    let mut large = hold(2);
    large.ask.arguments = ShownArguments::new("x".repeat(ShownArguments::MAX_BYTES), 0);
    let why = store.insert(&large).unwrap_err().to_string();
    assert!(why.contains("the disk of") && why.contains("is full"), "{why}");
    assert_eq!(store.by_id(&id(2)), Ok(None));
    assert_eq!(store.by_id(&id(1)), Ok(Some(hold(1))));
    let cancelled = hold(1).cancel("agent", None, at(1)).unwrap();
    assert_eq!(store.replace(&cancelled), Ok(true), "what needs no more room still goes on");
}

#[test]
fn a_store_that_cannot_be_written_is_called_so() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    store.write(|connection| connection.pragma_update(None, "query_only", true)).unwrap();
    let why = store.insert(&hold(1)).unwrap_err().to_string();
    assert!(why.contains("cannot be written"), "{why}");
}

#[test]
fn a_store_that_another_process_keeps_locked_is_called_so_and_still_read() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    put(&store, &hold(1));
    store.write(|connection| connection.busy_timeout(Duration::ZERO)).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for refused in [store.insert(&hold(2)).map(|_| ()), store.check()] {
        let why = refused.unwrap_err().to_string();
        assert!(why.contains("is kept locked by another process"), "{why}");
    }
    assert_eq!(store.by_id(&id(1)), Ok(Some(hold(1))));
    let second = SqliteStore::open(&path).unwrap();
    assert_eq!(second.by_id(&id(1)), Ok(Some(hold(1))), "a file that lacks nothing is opened");
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(store.insert(&hold(2)), Ok(Inserted::Yes));
    assert_eq!(store.check(), Ok(()));
}

#[test]
fn writes_that_wait_together_for_another_process_fail_with_the_first() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    store.write(|connection| connection.busy_timeout(Duration::ZERO)).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let waiting: Vec<_> = (0..5).map(|_| store.writing.place()).collect();
    let mut tried = 0;
    for place in waiting {
        let failed = store.in_turn(&store.writing, place, |connection| {
            tried += 1;
            connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK")
        });
        assert!(failed.unwrap_err().to_string().contains("is kept locked by another process"));
    }
    assert_eq!(tried, 1);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(store.insert(&hold(1)), Ok(Inserted::Yes));
}

#[test]
fn a_row_that_is_no_hold_is_an_error_that_names_it() {
    for (change, expected) in [
        ("state = 'lost'", "its state is unknown"),
        ("digest = x'00'", "its digest has not 32 bytes"),
        ("revision = -1", "its revision is negative"),
        ("rest = '{}'", "its JSON is not as expected"),
        ("rest = 'secret'", "its JSON is not as expected"),
        ("rest = json_set(rest, '$.outcome', 'MAYBE')", "an outcome in it is unknown"),
        ("rest = json_set(rest, '$.lifts[0].engine', 'oracle')", "an engine in it is unknown"),
        ("rest = json_set(rest, '$.only_if', 'sunny')", "its JSON is not as expected"),
        ("actor = CAST(x'ff' AS TEXT)", "invalid utf-8"),
    ] {
        let (_folder, path) = folder();
        let store = SqliteStore::open(&path).unwrap();
        put(&store, &Hold { recorded: false, ..hold(1) });
        alter(&path, &format!("UPDATE holds SET {change}"));
        let why = store.by_id(&id(1)).unwrap_err().to_string();
        let start = format!("the hold {} cannot be read back: ", id(1));
        assert!(why.contains(&start) && why.contains(expected), "{change}: {why}");
        assert!(!why.contains("secret") && !why.contains("MAYBE"), "{why}");
    }
}

#[test]
fn a_row_that_is_no_hold_is_left_out_where_many_are_asked_for() {
    for bad in ["state = 'lost'", "rest = '{'", "actor = CAST(x'ff' AS TEXT)", "digest = CAST(id AS BLOB)"] {
        let (_folder, path) = folder();
        let store = SqliteStore::open(&path).unwrap();
        let mut holds: Vec<Hold> = (1..=6).map(hold).collect();
        for (hold, second) in holds.iter_mut().zip(10..) {
            (hold.recorded, hold.ask.created_at, hold.ask.expires_at) = (false, at(second), at(second));
            put(&store, hold);
        }
        // The newest, one between, and the two that are due first.
        for number in [1, 2, 4, 6] {
            alter(&path, &format!("UPDATE holds SET {bad} WHERE id = '{}'", id(number)));
        }
        let good = [holds[2].clone(), holds[4].clone()];
        assert_eq!(store.due(at(99), 2), Ok(good.to_vec()), "{bad}");
        assert_eq!(store.due(at(99), 1), Ok(good[..1].to_vec()));
        assert_eq!(store.unrecorded(2), Ok(good.to_vec()), "{bad}");
        assert_eq!(store.next_due(), Ok(Some(at(12))), "not that of one that never runs out: {bad}");
        let list = |limit| {
            let page = store.list(&HoldFilter { limit, ..HoldFilter::default() }, at(1)).unwrap();
            (page.holds, page.total)
        };
        assert_eq!(list(2), (vec![good[1].clone(), good[0].clone()], 6), "{bad}");
        assert_eq!(list(1), (vec![good[1].clone()], 6), "{bad}");
        assert_eq!(list(9).0.len(), 2, "{bad}");
        assert!(store.counts().is_ok() && store.by_id(&id(1)).is_err(), "{bad}");
        for hold in &good {
            assert_eq!(store.replace(&hold.expire(at(99)).unwrap()), Ok(true));
        }
        assert_eq!((store.due(at(99), 9), store.next_due()), (Ok(Vec::new()), Ok(None)), "{bad}");
        assert_eq!(list(9).0.len(), 2, "{bad}");
    }
}
