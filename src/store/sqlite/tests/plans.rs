//! No statement of the store reads all holds: SQLite is asked how it would run each.

use rusqlite::types::Null;
use rusqlite::{Connection, ToSql, params_from_iter};

use crate::holds::sample::{at, id};
use crate::holds::{HoldFilter, HoldState};
use crate::store::SqliteStore;
use crate::store::sqlite::holds::{
    BY_ID, COUNTS, DUE, EACH_DUE, FORGET, MARK_RECORDED, NEXT_DUE, OF_CALL, PENDING, REJECTED, REPLACE,
    UNRECORDED,
};
use crate::store::sqlite::list::{Statement, page, total};

/// What SQLite would do for `sql`, a line per step.
fn plan(store: &SqliteStore, sql: &str) -> Vec<String> {
    let explain = |connection: &Connection| {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
        let values = (0..statement.parameter_count()).map(|_| Box::new(Null) as Box<dyn ToSql>);
        let values: Vec<Box<dyn ToSql>> = values.collect();
        statement.query_map(params_from_iter(values), |row| row.get(3))?.collect()
    };
    store.read(explain).unwrap()
}

fn open() -> (tempfile::TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("aegis.db")).unwrap();
    (folder, store)
}

#[test]
fn each_statement_finds_its_holds_by_an_index() {
    let (_folder, store) = open();
    for (sql, index) in [
        (BY_ID, "sqlite_autoindex_holds_1 (id=?)"),
        (REPLACE, "sqlite_autoindex_holds_1 (id=?)"),
        (MARK_RECORDED, "sqlite_autoindex_holds_1 (id=?)"),
        (REJECTED, "holds_rejected (tenant=? AND digest=? AND expires_at>?)"),
        (OF_CALL, "holds_of_call (tenant=? AND digest=?)"),
        (PENDING, "holds_open (expires_at>?)"),
        (DUE, "holds_open (expires_at<?)"),
        (NEXT_DUE, "holds_open"),
        (EACH_DUE, "holds_open"),
        (UNRECORDED, "holds_unrecorded (recorded=?)"),
        (FORGET, "holds_ended (expires_at<?)"),
        (COUNTS, "holds_by_state"),
    ] {
        let steps = plan(&store, sql);
        let [step] = &*steps else { panic!("{sql}: {steps:?}") };
        assert!(step.ends_with(index) && step.contains(" USING "), "{sql}: {step}");
    }
}

#[test]
fn lists_find_their_holds_by_an_index_and_need_no_sorting() {
    let (_folder, store) = open();
    let tenant = || Some("default".into());
    let before = Some((at(0), id(1)));
    let any = HoldFilter { before, limit: 9, ..HoldFilter::default() };
    for state in [None].into_iter().chain(HoldState::ALL.map(Some)) {
        for filter in [any.clone(), HoldFilter { before: None, ..any.clone() }] {
            for filter in [HoldFilter { tenant: tenant(), ..filter.clone() }, filter] {
                let filter = HoldFilter { state, ..filter };
                check_list(&store, &filter);
            }
        }
    }
}

fn check_list(store: &SqliteStore, filter: &HoldFilter) {
    let steps = |statement: &Statement| plan(store, &statement.sql);
    let page = steps(&page(filter, at(1)));
    for step in &page {
        let walks_an_index = step.contains("USING INDEX") || step.starts_with("USE TEMP B-TREE");
        assert!(walks_an_index, "{filter:?}: {page:?}");
    }
    // What is expired is found under three states, so that these have to be put in order.
    let sorts = page.iter().any(|step| step.starts_with("USE TEMP B-TREE"));
    assert!(!sorts || filter.state == Some(HoldState::Expired), "{filter:?}: {page:?}");
    for step in steps(&total(filter, at(1))) {
        assert!(step.contains(" INDEX "), "{filter:?}: {step}");
    }
}
