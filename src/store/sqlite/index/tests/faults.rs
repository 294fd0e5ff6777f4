//! The file: taken away, damaged, of another version, locked, full; and a ledger that is another than the one it was made from.

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

use crate::audit::index::{
    AuditIndex, AuditQuery, Batch, IndexError, IndexStore, IndexView, Indexer, MOST_BEHIND, NoStore, Order,
    Tag,
};
use crate::model::id::DECISION;
use crate::store::SqliteIndex;
use crate::store::sqlite::index::tests::world::{World, id};

const MEMBERS: &str = r#""tenant":"default","actor":"a","capability":"files.read","outcome":"DENY""#;

/// So many calls, all of them in the index.
fn world(calls: usize) -> World {
    let mut world = World::new();
    record(&mut world, calls);
    world.catch_up();
    world
}

fn record(world: &mut World, calls: usize) {
    for _ in 0..calls {
        world.now += 1000;
        world.call(false, MEMBERS);
    }
}

fn denied() -> AuditQuery {
    AuditQuery { actor: Some("a".to_owned()), limit: Some(20), ..AuditQuery::default() }
}

fn in_index(world: &World) -> i64 {
    Connection::open(world.file())
        .unwrap()
        .query_row("SELECT count(*) FROM calls", [], |row| row.get(0))
        .unwrap()
}

fn remove(file: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let mut file = file.to_path_buf().into_os_string();
        file.push(suffix);
        let _absent = std::fs::remove_file(file);
    }
}

/// Overwrites all of the file but its first page.
fn damage(file: &Path) {
    Connection::open(file).unwrap().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let mut bytes = std::fs::read(file).unwrap();
    bytes[4096..].fill(0xa5);
    std::fs::write(file, bytes).unwrap();
}

#[test]
fn a_file_that_is_taken_away_is_made_again() {
    let mut world = world(30);
    remove(&world.file());
    record(&mut world, 1);
    // Whoever comes first notices: the answer is whole, and what was in the file is put in again.
    world.check(&denied());
    assert!(matches!(world.step(), Err(IndexError::Replaced(_))));
    world.catch_up();
    world.check(&denied());
    assert_eq!(in_index(&world), 32);

    remove(&world.file());
    record(&mut world, 1);
    assert!(matches!(world.step(), Err(IndexError::Replaced(_))));
    world.catch_up();
    assert_eq!(in_index(&world), 33);
}

#[test]
fn a_file_that_is_damaged_while_in_use_is_an_error_and_then_made_again() {
    let mut world = world(400);
    world.take_up();
    world.index.query(&AuditQuery { limit: Some(1), ..AuditQuery::default() }).unwrap();
    damage(&world.file());
    let error = world.index.query(&AuditQuery { limit: None, ..denied() }).unwrap_err();
    assert!(matches!(&error, IndexError::Damaged(why) if why.contains("index.db")), "{error}");
    let call = world.calls[7].decision();
    assert!(world.index.find(&call).unwrap().is_some(), "the ledger is searched by time");
    assert!(world.step().unwrap().emptied);
    world.catch_up();
    world.check(&AuditQuery { limit: None, ..denied() });
    assert_eq!(world.index.health().failing, None);
}

#[test]
fn records_that_lie_elsewhere_than_the_index_says_are_found_by_their_numbers() {
    let mut world = world(20);
    // Of a segment's size each: the last lie in a file that has no name before they are synced.
    for bytes in [300_000, 300_000, 300_000, 300_000, 10] {
        world.call(false, &format!(r#"{MEMBERS},"arguments":"{}""#, "x".repeat(bytes)));
        world.catch_up();
        for wrong in ["segment = 7777, offset = 3", "segment = 0, offset = 0", "offset = offset + 1"] {
            Connection::open(world.file())
                .unwrap()
                .execute(&format!("UPDATE calls SET {wrong}"), [])
                .unwrap();
            world.check(&denied());
        }
    }
}

#[test]
fn what_is_no_index_of_this_version_is_made_anew() {
    let damaged: fn(&Path) = damage;
    let text: fn(&Path) = |file| {
        remove(file);
        std::fs::write(file, "no database at all\n".repeat(300)).unwrap();
    };
    let alter = |file: &Path, sql: &str| Connection::open(file).unwrap().execute_batch(sql).unwrap();
    for (number, make) in [damaged, text].into_iter().enumerate() {
        let mut world = world(40);
        world.take_up();
        make(&world.file());
        let emptied = world.step().map(|step| step.emptied);
        assert!(emptied.is_err() || number == 1, "{emptied:?}");
        world.catch_up();
        world.check(&denied());
        assert_eq!(in_index(&world), 41);
    }
    for version in ["PRAGMA user_version = 0", "PRAGMA user_version = 1000"] {
        let mut world = world(40);
        world.take_up();
        alter(&world.file(), &format!("{version}; DELETE FROM calls; UPDATE epochs SET next = 999"));
        world.catch_up();
        world.check(&denied());
        assert_eq!(in_index(&world), 41);
    }
}

#[test]
fn another_programs_database_is_left_alone() {
    let mut world = World::new();
    record(&mut world, 3);
    let connection = Connection::open(world.file()).unwrap();
    connection.execute_batch("CREATE TABLE cats (name TEXT)").unwrap();
    for error in [world.step().unwrap_err(), world.index.query(&denied()).unwrap_err()] {
        assert!(
            matches!(&error, IndexError::Unavailable(why) if why.contains("another program's")),
            "{error}"
        );
    }
    assert!(world.index.health().failing.is_some());
    assert_eq!(connection.query_row("SELECT count(*) FROM cats", [], |row| row.get(0)), Ok(0));
    let call = world.calls[1].decision();
    assert!(world.index.find(&call).unwrap().is_some(), "the ledger is searched by time");
}

#[test]
fn a_file_that_another_process_keeps_locked_is_still_read() {
    let mut world = world(5);
    let other = Connection::open(world.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    record(&mut world, 5);
    let error = world.step().unwrap_err();
    assert!(matches!(&error, IndexError::Locked(why) if why.contains("index.db")), "{error}");
    world.check(&denied());
    assert_eq!((world.index.health().failing, world.index.health().behind), (Some(error), 5));
    other.execute_batch("ROLLBACK").unwrap();
    world.catch_up();
    world.check(&denied());
    assert_eq!((world.index.health().failing, world.index.health().behind), (None, 0));
}

#[test]
fn a_full_disk_is_called_so_and_nothing_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = world(5);
    let store = Arc::new(SqliteIndex::new(folder.path().join("index.db")));
    let limit = |pages: i64| {
        let set = |connection: &mut Connection| {
            connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
        };
        store.write(set).unwrap();
    };
    let index =
        Arc::new(AuditIndex::new(Arc::clone(&store) as Arc<dyn IndexStore>, Arc::clone(world.ledger())));
    let mut indexer = Indexer::new(Arc::clone(&index));
    while !indexer.step().unwrap().idle {}
    limit(16);
    record(&mut world, 500);
    let error = indexer.step().unwrap_err();
    assert!(matches!(&error, IndexError::Full(why) if why.contains("index.db")), "{error}");
    let all = AuditQuery { limit: None, ..denied() };
    assert_eq!(index.query(&all).unwrap().calls.len(), 505);
    limit(100_000);
    while !indexer.step().unwrap().idle {}
    assert_eq!(index.query(&all).unwrap().calls.len(), 505);
    assert_eq!(index.health().behind, 0);
}

#[test]
fn a_ledger_that_lost_its_end_gets_another_index() {
    let mut world = world(20);
    let epoch = world.ledger().epoch_directory().to_path_buf();
    world.end(Some(""));
    // A machine that died: the last records never came to the disk.
    let segment = epoch.join("00000000000000000000.jsonl");
    let mut bytes = std::fs::read(&segment).unwrap();
    let end = bytes.iter().rposition(|byte| *byte == b'\n').unwrap();
    let last = bytes[..end].iter().rposition(|byte| *byte == b'\n').unwrap();
    bytes[last + 1..].fill(0);
    std::fs::write(&segment, bytes).unwrap();
    world.restart_after_end();
    assert!(world.step().unwrap().emptied);
    world.catch_up();
    world.check(&AuditQuery { order: Order::Ascending, ..AuditQuery::default() });
}

#[test]
fn records_of_an_epoch_that_was_taken_away_are_not_listed_and_forgotten_at_the_next_start() {
    let mut world = world(10);
    let first = world.ledger().epoch_directory().to_path_buf();
    world.restart(None);
    record(&mut world, 4);
    world.catch_up();
    std::fs::remove_dir_all(first).unwrap();
    let shown = world.index.query(&denied()).unwrap();
    assert_eq!((shown.calls.len(), shown.next), (4, None));
    world.restart(None);
    assert!(world.step().unwrap().emptied);
    world.catch_up();
    world.check(&denied());
}

#[test]
fn two_that_fill_one_file_do_no_harm() {
    let mut world = world(10);
    let store = Arc::new(SqliteIndex::new(world.file()));
    let index = Arc::new(AuditIndex::new(store, Arc::clone(world.ledger())));
    let mut other = Indexer::new(index);
    record(&mut world, 10);
    other.step().unwrap();
    world.step().unwrap();
    record(&mut world, 10);
    world.step().unwrap();
    other.step().unwrap();
    world.catch_up();
    world.check(&AuditQuery { limit: None, ..denied() });
    assert_eq!(in_index(&world), 31);
}

#[test]
fn a_decision_is_found_by_the_time_in_its_id_alone() {
    let mut world = World::new();
    for _ in 0..3 {
        for _ in 0..4 {
            world.now += 300_000_000;
            // Several segments an epoch.
            world.call(false, &format!(r#"{MEMBERS},"arguments":"{}""#, "x".repeat(400_000)));
        }
        let last = world.calls.len() - 1;
        world.now += 1_000_000;
        world.tell(last, "execution", r#""result":"completed""#);
        world.restart(None);
    }
    let index = AuditIndex::new(Arc::new(Broken), Arc::clone(world.ledger()));
    for (number, made) in world.calls.iter().enumerate() {
        let found = index.find(&made.decision()).unwrap().unwrap();
        assert_eq!(found.json()["decision_id"], made.decision());
        assert_eq!(found.execution.is_some(), number % 4 == 3, "{number}");
    }
    let unknown = id(DECISION, 99, world.now).to_string();
    for id in [&*unknown, "dec_x", "", "00000000-0000-0000-0000-000000000000"] {
        assert_eq!(index.find(id).unwrap(), None, "{id}");
    }
    assert!(index.query(&denied()).is_err());
}

/// A store that is out of order.
#[derive(Debug)]
struct Broken;

impl IndexStore for Broken {
    fn view(&self) -> Result<Box<dyn IndexView + '_>, IndexError> {
        Err(IndexError::Unavailable("broken".to_owned()))
    }

    fn add(&self, _: &Batch) -> Result<(), IndexError> {
        Err(IndexError::Unavailable("broken".to_owned()))
    }

    fn reset(&self) -> Result<(), IndexError> {
        Ok(())
    }
}

#[test]
fn an_index_that_is_far_behind_says_so() {
    let world = World::new();
    let index = AuditIndex::new(Arc::new(NoStore), Arc::clone(world.ledger()));
    for _ in 0..MOST_BEHIND {
        world.append(r#""kind":"x""#);
    }
    let behind = IndexError::Behind { records: MOST_BEHIND + 1 };
    assert_eq!(index.query(&denied()), Err(behind));
    assert_eq!(index.health().behind, MOST_BEHIND + 1);
}

#[test]
fn the_tables_know_the_hash_of_allow() {
    let tables = include_str!("../../../migrations/index.sql");
    assert!(tables.contains(&format!("outcome <> {};", Tag::of("ALLOW").0)));
}
