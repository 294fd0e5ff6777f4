//! A change of keys is recorded, kept and in force, or nothing of it is.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;

use crate::admin::{IssuedKey, KeyStore, KeyStoreError};
use crate::audit::{Durability, Ledger, LedgerOptions, tail};
use crate::decision::{HoldRules, PolicySnapshot, SnapshotParts};
use crate::gateway::{
    Candidate, Clock, KeyAdmin, KeyDesk, KeyRefused, PublishError, Publisher, SystemClock, live_keys,
};
use crate::identity::{Key, KeyRing};
use crate::model::decision::{Outcome, SnapshotRef};
use crate::model::json::Reader;
use crate::model::time::Timestamp;
use crate::telemetry::Metrics;

/// Keeps keys in memory, as well as it is told to.
#[derive(Debug, Default)]
struct Store {
    keys: Mutex<Vec<IssuedKey>>,
    fault: AtomicU8,
}

/// The next writes fail, and keep nothing.
const FAILS: u8 = 1;
/// The next writes are kept, and answered with an error.
const KEEPS_AND_FAILS: u8 = 2;

impl KeyStore for Store {
    fn keys(&self) -> Result<Vec<IssuedKey>, KeyStoreError> {
        Ok(self.keys.lock().unwrap().clone())
    }

    fn put(&self, key: &IssuedKey) -> Result<(), KeyStoreError> {
        let fault = self.fault.load(Ordering::Relaxed);
        if fault != FAILS {
            let mut keys = self.keys.lock().unwrap();
            keys.retain(|other| other.key.id != key.key.id);
            keys.push(key.clone());
        }
        if fault == 0 { Ok(()) } else { Err(KeyStoreError("a planted fault".to_owned())) }
    }
}

struct World {
    folder: TempDir,
    ledger: Arc<Ledger>,
    publisher: Arc<Publisher>,
    store: Arc<Store>,
    desk: KeyDesk,
}

impl World {
    fn new(keys: Vec<IssuedKey>) -> Self {
        let folder = TempDir::new().unwrap();
        let mut options = LedgerOptions::new(folder.path().join("ledger"));
        options.durability = Durability::Process;
        options.segment_bytes = 1 << 20;
        options.reserve_percent = 0;
        let (ledger, _report) = Ledger::open(options, SystemClock.now()).unwrap();
        let mut first = Candidate {
            hash: "first".into(),
            source: "start",
            by: None,
            build: &mut |reference| {
                Some(snapshot(reference).with_keys(SnapshotRef::new(1, "first".into()), live_keys(&keys)))
            },
        };
        let metrics = Arc::new(Metrics::new("test").unwrap());
        let publisher =
            Publisher::start(&mut first, Arc::clone(&ledger), metrics, Arc::new(SystemClock)).unwrap();
        let (publisher, store) = (Arc::new(publisher), Arc::new(Store::default()));
        let (ring, kept) = (Arc::clone(&publisher), Arc::clone(&store) as Arc<dyn KeyStore>);
        let desk = KeyDesk::new(ring, kept, Arc::new(SystemClock), keys);
        Self { folder, ledger, publisher, store, desk }
    }

    fn knows(&self, text: &str) -> bool {
        let snapshot = self.publisher.handle().load_full();
        snapshot.keys.find(text.as_bytes(), SystemClock.now()).is_some()
    }

    /// The kinds of its records of keys, each with the version of the snapshot it is about.
    fn told(&self) -> Vec<(String, u64)> {
        let records = tail(&self.folder.path().join("ledger"), 100).unwrap().poll_new().unwrap();
        let records =
            records.iter().map(|record| serde_json::from_slice::<serde_json::Value>(record.line()).unwrap());
        let of_keys = records.filter_map(|record| {
            let kind = record["kind"].as_str()?.to_owned();
            let about = if kind == "snapshot.reverted" { "undone" } else { "snapshot" };
            let version = record[about]["version"].as_u64()?;
            (kind != "snapshot").then_some((kind, version))
        });
        of_keys.collect()
    }

    fn fault(&self, fault: u8) {
        self.store.fault.store(fault, Ordering::Relaxed);
    }
}

fn snapshot(reference: SnapshotRef) -> PolicySnapshot {
    PolicySnapshot::new(SnapshotParts {
        reference,
        keys: KeyRing::new(vec![key("configured")]),
        reader: Reader::default(),
        hosts: vec![],
        origins: vec![],
        routes: vec![],
        holds: HoldRules::default(),
        rules: None,
        default: Outcome::Deny,
    })
}

fn key(id: &str) -> Key {
    Key {
        id: id.into(),
        hash: [0; 32],
        tenant: "acme".into(),
        scopes: Vec::new(),
        actors: Vec::new(),
        actor: None,
        roles: [].into(),
        groups: [].into(),
        person: None,
        expires_at: None,
    }
}

fn root() -> KeyAdmin {
    KeyAdmin { name: "root".into(), tenant: Some("default".into()) }
}

fn told(kinds: &[(&str, u64)]) -> Vec<(String, u64)> {
    kinds.iter().map(|(kind, version)| ((*kind).to_owned(), *version)).collect()
}

#[test]
fn what_the_store_does_not_keep_does_not_happen_and_the_ledger_says_so() {
    let world = World::new(Vec::new());
    world.fault(FAILS);
    let refused = world.desk.issue(key("bot"), &root()).unwrap_err();
    assert!(matches!(refused, KeyRefused::Failed(PublishError::Keys(_))), "{refused:?}");
    assert!(world.desk.list(&root()).is_empty());
    assert_eq!(world.publisher.status().active.version, 1);
    world.fault(0);
    // Nothing of it is left but its version, which is not given again.
    let (_, text) = world.desk.issue(key("bot"), &root()).unwrap();
    assert!(world.knows(&text));
    assert_eq!(world.told(), told(&[("key.created", 2), ("snapshot.reverted", 2), ("key.created", 3)]));
    assert_eq!(world.publisher.status().active.version, 3);

    world.fault(FAILS);
    assert!(world.desk.revoke("bot", &root()).is_err());
    assert!(world.desk.rotate("bot", Duration::ZERO, &root()).is_err());
    assert!(world.knows(&text));
    world.fault(0);
    world.desk.revoke("bot", &root()).unwrap();
    assert!(!world.knows(&text));
}

#[test]
fn what_is_kept_although_the_store_failed_holds() {
    let world = World::new(Vec::new());
    world.fault(KEEPS_AND_FAILS);
    let (_, text) = world.desk.issue(key("bot"), &root()).unwrap();
    assert!(world.knows(&text));
    world.desk.revoke("bot", &root()).unwrap();
    assert!(!world.knows(&text));
    assert_eq!(world.told(), told(&[("key.created", 2), ("key.revoked", 3)]));
}

#[test]
fn what_the_ledger_does_not_take_does_not_happen() {
    let world = World::new(Vec::new());
    let (_, text) = world.desk.issue(key("bot"), &root()).unwrap();
    world.ledger.close(SystemClock.now()).unwrap();
    assert!(matches!(
        world.desk.issue(key("other"), &root()),
        Err(KeyRefused::Failed(PublishError::Ledger(_)))
    ));
    assert!(world.desk.revoke("bot", &root()).is_err());
    assert!(world.knows(&text));
    assert_eq!(world.store.keys().unwrap().len(), 1);
    assert!(world.store.keys().unwrap()[0].revoked_at.is_none());
}

#[test]
fn a_new_snapshot_of_files_has_the_issued_keys() {
    let world = World::new(Vec::new());
    let (_, text) = world.desk.issue(key("bot"), &root()).unwrap();
    let mut next = Candidate {
        hash: "second".into(),
        source: "file",
        by: None,
        build: &mut |reference| Some(snapshot(reference)),
    };
    assert_eq!(world.publisher.publish(&mut next).unwrap().version, 3);
    assert!(world.knows(&text));
    world.desk.revoke("bot", &root()).unwrap();
    assert!(!world.knows(&text));
}

#[test]
fn texts_end_when_they_should() {
    let world = World::new(Vec::new());
    let end = SystemClock.now().after(Duration::from_secs(1000));
    let (_, first) = world.desk.issue(Key { expires_at: Some(end), ..key("bot") }, &root()).unwrap();
    let (rotated, second) = world.desk.rotate("bot", Duration::from_secs(3600), &root()).unwrap();
    let found = |text: &str, now: Timestamp| {
        let snapshot = world.publisher.handle().load_full();
        snapshot.keys.find(text.as_bytes(), now).is_some()
    };
    let before = Timestamp::from_micros(end.as_micros() - 1);
    assert!(found(&first, before) && found(&second, before));
    // The overlap is not longer than the key.
    assert!(!found(&first, end) && !found(&second, end));
    assert_eq!(rotated.key.expires_at, Some(end));
    let (_, other) = world.desk.issue(key("other"), &root()).unwrap();
    let (rotated, _) = world.desk.rotate("other", Duration::from_secs(60), &root()).unwrap();
    let until = rotated.earlier_until(SystemClock.now()).unwrap();
    assert!(found(&other, Timestamp::from_micros(until.as_micros() - 1)) && !found(&other, until));
}

#[test]
fn there_are_only_so_many() {
    let issued = |number: usize| IssuedKey {
        key: Key { hash: [u8::try_from(number % 251).unwrap(); 32], ..key(&format!("k{number}")) },
        earlier: None,
        created_at: Timestamp::from_micros(0),
        created_by: "root".into(),
        revoked_at: None,
    };
    let world = World::new((0..10_000).map(issued).collect());
    assert!(matches!(world.desk.issue(key("one-more"), &root()), Err(KeyRefused::Full)));
    world.desk.revoke("k0", &root()).unwrap();
    let (_, text) = world.desk.issue(key("one-more"), &root()).unwrap();
    assert!(world.knows(&text));
}
