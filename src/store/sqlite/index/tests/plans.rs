//! No statement reads all rows to find a few, and none sorts: SQLite is asked how it would run each.

use rusqlite::types::Null;
use rusqlite::{Connection, ToSql, params_from_iter};

use crate::audit::index::{Order, Search, Tag, Tags};
use crate::store::SqliteIndex;
use crate::store::sqlite::index::statement::{Bound, count, of_call, page};
use crate::store::sqlite::index::write::{CALL, EXECUTION, NEXT, NUMBER, PROGRESS};

const ANY: (Bound, Bound) = ((i64::MIN, 0, 0), (i64::MAX, 0, 0));

/// What SQLite would do for `sql`, a line per step.
fn plan(index: &SqliteIndex, sql: &str) -> Vec<String> {
    let explain = |connection: &mut Connection| {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
        let values = (0..statement.parameter_count()).map(|_| Box::new(Null) as Box<dyn ToSql>);
        let values: Vec<Box<dyn ToSql>> = values.collect();
        statement.query_map(params_from_iter(values), |row| row.get(3))?.collect()
    };
    index.write(explain).unwrap()
}

/// One of each set of filters that makes a statement of its own.
fn searches() -> Vec<Search> {
    let tag = Some(Tag::of("x"));
    let with = |change: &dyn Fn(&mut Tags)| {
        let mut tags = Tags::default();
        change(&mut tags);
        Search { tags, ..Search::default() }
    };
    let mut searches = vec![
        Search::default(),
        with(&|tags| tags.tenant = tag),
        with(&|tags| tags.actor = tag),
        with(&|tags| tags.capability = tag),
        with(&|tags| tags.outcome = tag),
        with(&|tags| tags.outcome = Some(Tag::of("ALLOW"))),
        with(&|tags| tags.code = tag),
        with(&|tags| tags.risk = tag),
        with(&|tags| tags.surface = tag),
        with(&|tags| (tags.code, tags.risk, tags.surface) = (tag, tag, tag)),
        with(&|tags| tags.session = tag),
        with(&|tags| (tags.session, tags.actor, tags.outcome) = (tag, tag, tag)),
    ];
    for search in searches.clone() {
        searches.push(Search { result: tag, ..search.clone() });
        searches.push(Search { or_no_tenant: true, kinds: vec![Tag(1)], ..search.clone() });
        searches.push(Search { kinds: vec![Tag(1)], ..search.clone() });
        searches.push(Search { result_status: tag, kinds: vec![Tag(1), Tag(2)], ..search });
    }
    searches
}

#[test]
fn every_search_walks_an_index_and_sorts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let index = SqliteIndex::new(folder.path().join("index.db"));
    for search in searches() {
        for order in [Order::Ascending, Order::Descending] {
            let search = Search { order, ..search.clone() };
            for statement in [page(&search, ANY, 1), count(&search, ANY)] {
                let plan = plan(&index, &statement.sql);
                let first = plan.first().unwrap();
                let by_key = |step: &String| step.starts_with("SEARCH e USING PRIMARY KEY (call=?)");
                assert!(first.starts_with("SEARCH c USING ") && !first.contains("AUTOMATIC"), "{plan:?}");
                assert!(first.contains("(time,epoch,seq)>(?,?,?)"), "{plan:?}");
                assert!(plan.iter().skip(1).all(by_key), "{search:?}: {plan:?}");
            }
        }
    }
}

#[test]
fn decisions_of_a_tenant_are_counted_without_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let index = SqliteIndex::new(folder.path().join("index.db"));
    let tag = Some(Tag(7));
    let of_tenant = Search {
        tags: Tags { tenant: tag, ..Tags::default() },
        kinds: vec![Tag::of("decision")],
        ..Search::default()
    };
    let with = |change: &dyn Fn(&mut Tags)| {
        let mut search = of_tenant.clone();
        change(&mut search.tags);
        search
    };
    for search in [
        of_tenant.clone(),
        with(&|tags| tags.outcome = Some(Tag::of("ALLOW"))),
        with(&|tags| tags.outcome = tag),
        with(&|tags| tags.actor = tag),
        with(&|tags| (tags.actor, tags.outcome, tags.capability) = (tag, tag, tag)),
        with(&|tags| tags.capability = tag),
        with(&|tags| (tags.capability, tags.outcome) = (tag, tag)),
    ] {
        let steps = plan(&index, &count(&search, ANY).sql);
        assert!(steps.len() == 1 && steps[0].contains("COVERING INDEX"), "{search:?}: {steps:?}");
    }
}

#[test]
fn what_is_looked_up_by_its_key_is_found_by_it() {
    let folder = tempfile::tempdir().unwrap();
    let index = SqliteIndex::new(folder.path().join("index.db"));
    let steps = plan(&index, &of_call());
    assert!(steps[0].starts_with("SEARCH c USING INDEX calls_by_call (call=?)"), "{steps:?}");
    assert!(steps[1].starts_with("SEARCH e USING PRIMARY KEY (call=?)") && steps.len() == 2, "{steps:?}");
    for sql in [NUMBER, NEXT] {
        assert!(plan(&index, sql)[0].contains("(name=?)"), "{sql}");
    }
    for sql in [CALL, EXECUTION, PROGRESS] {
        assert_eq!(plan(&index, sql), Vec::<String>::new(), "{sql}");
    }
}

/// Asks for a text.
type Set = fn(&mut Tags, Option<Tag>);

/// What few calls have is found by an index of its own; what most have is found by time.
#[test]
fn the_index_is_chosen_by_what_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let index = SqliteIndex::new(folder.path().join("index.db"));
    let cases: [(Set, &str, Option<&str>); 11] = [
        (|tags, tag| tags.tenant = tag, "acme", Some("calls_by_other_tenant")),
        (|tags, tag| tags.tenant = tag, "default", None),
        (|tags, tag| tags.tenant = tag, "anonymous", None),
        (|tags, tag| tags.code = tag, "rule_denied", Some("calls_by_rare_code")),
        (|tags, tag| tags.code = tag, "rule_allowed", None),
        (|tags, tag| tags.code = tag, "default_allowed", None),
        (|tags, tag| tags.risk = tag, "critical", Some("calls_by_high_risk")),
        (|tags, tag| tags.risk = tag, "low", None),
        (|tags, tag| tags.risk = tag, "medium", None),
        (|tags, tag| tags.surface = tag, "policy_server", Some("calls_by_surface")),
        (
            |tags, tag| (tags.surface, tags.risk) = (Some(Tag::of("policy_server")), tag),
            "high",
            Some("calls_by_high_risk"),
        ),
    ];
    for (set, text, expected) in cases {
        let mut tags = Tags::default();
        set(&mut tags, Some(Tag::of(text)));
        let search = Search { tags, ..Search::default() };
        let steps = plan(&index, &page(&search, ANY, 1).sql);
        match expected {
            Some(name) => assert!(steps[0].contains(&format!("USING INDEX {name} ")), "{text}: {steps:?}"),
            None => assert!(steps[0].contains("USING PRIMARY KEY"), "{text}: {steps:?}"),
        }
    }
}
