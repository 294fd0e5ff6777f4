//! Issued keys: what comes back, and what is not taken for a key.

use tempfile::TempDir;

use crate::admin::{AdminStore, AdminStoreError, EarlierHash, IssuedKey, SnapshotRow, Step};
use crate::identity::Key;
use crate::model::call::{PrincipalKind, Scope};
use crate::model::time::Timestamp;
use crate::store::SqliteStore;

fn issued(id: &str) -> IssuedKey {
    IssuedKey {
        key: Key {
            id: id.into(),
            hash: [7; 32],
            tenant: "acme".into(),
            scopes: vec![Scope::HoldsApprove, Scope::AuditRead],
            actors: vec!["agent-*".to_owned(), "b".to_owned()],
            actor: Some(("agent-1".into(), PrincipalKind::Automation)),
            roles: ["risk_lead".into()].into(),
            groups: ["ops".into(), "CN=x,DC=y".into()].into(),
            claims: [].into(),
            person: Some("Ada Lövelace".into()),
            expires_at: Some(Timestamp::from_micros(5)),
        },
        earlier: Some(EarlierHash { hash: [8; 32], until: Timestamp::from_micros(3) }),
        created_at: Timestamp::from_micros(1),
        created_by: "root".into(),
        revoked_at: None,
    }
}

/// Keeps a key, as the change of one does.
fn put(store: &SqliteStore, key: &IssuedKey) {
    let after = store.latest().unwrap();
    let snapshot = SnapshotRow {
        version: after + 1,
        hash: "hash".into(),
        source: "api".into(),
        by: Some("root".into()),
        created_at: Timestamp::from_micros(1),
        back_to: None,
    };
    let step = Step { after, snapshot: &snapshot, texts: None, rows: &[], pins: None, key: Some(key) };
    store.commit(step).unwrap();
}

#[test]
fn a_key_comes_back_as_it_was_put() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("aegis.db");
    let store = SqliteStore::open(&path).unwrap();
    assert!(store.keys().unwrap().is_empty());
    let full = issued("full");
    let mut plain = issued("plain");
    plain.key.person = None;
    plain.key.expires_at = None;
    plain.key.scopes.clear();
    plain.earlier = None;
    put(&store, &plain);
    put(&store, &full);
    plain.revoked_at = Some(Timestamp::from_micros(9));
    put(&store, &plain);
    drop(store);
    let found = SqliteStore::open(&path).unwrap().keys().unwrap();
    assert_eq!(format!("{found:?}"), format!("{:?}", [full, plain]));
}

#[test]
fn a_key_that_cannot_be_read_is_no_key_and_keeps_the_others_from_being_taken_for_all() {
    for damage in [
        "UPDATE keys SET hash = x'00'",
        "UPDATE keys SET earlier_until = NULL",
        "UPDATE keys SET earlier_hash = x'0102'",
        "UPDATE keys SET rest = '{}'",
        "UPDATE keys SET rest = replace(rest, 'holds:approve', 'holds:all')",
        "UPDATE keys SET rest = replace(rest, 'automation', 'robot')",
    ] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("aegis.db");
        let store = SqliteStore::open(&path).unwrap();
        put(&store, &issued("bot"));
        rusqlite::Connection::open(&path).unwrap().execute_batch(damage).unwrap();
        let AdminStoreError(error) = store.keys().unwrap_err();
        assert_eq!(error, "the issued key bot cannot be read from the store", "{damage}");
    }
}

/// A file of the version before has no keys, and gets their table.
#[test]
fn a_file_without_their_table_is_brought_up_to_this_version() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("aegis.db");
    drop(SqliteStore::open(&path).unwrap());
    let before = "DROP TABLE keys; DROP TABLE replays; DROP TABLE overrides; DROP TABLE generations; PRAGMA user_version = 2";
    rusqlite::Connection::open(&path).unwrap().execute_batch(before).unwrap();
    let store = SqliteStore::open(&path).unwrap();
    put(&store, &issued("bot"));
    assert_eq!(store.keys().unwrap().len(), 1);
}
